// SPDX-License-Identifier: Apache-2.0
// What the catalogue says of one metric. Plain constexpr data.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace edgehaul::metric {

enum class Kind : std::uint8_t {
  gauge,
  counter,  // Sum, monotonic, cumulative
  updown,   // Sum, not monotonic, cumulative
};

enum class Number : std::uint8_t { integer, real };

struct Def {
  std::string_view name;         // "system.cpu.time"
  std::string_view unit;         // UCUM: "s", "By", "1", "{operations}"
  std::string_view description;  // one sentence, for OTLP and the docs
  Kind kind;
  Number number;
  bool on;                      // emitted unless configured otherwise
  std::string_view source;      // source name and scope suffix: "cpu" → scope edgehaul/host/cpu
  std::string_view attributes;  // for the docs: "cpu, state{user,system,…}"
  std::string_view origin;      // for the docs: the kernel file and field
};

}  // namespace edgehaul::metric
