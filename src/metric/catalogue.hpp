// SPDX-License-Identifier: Apache-2.0
// The metric catalogue: one row for every metric that edgehaul itself can emit; names, units and
// kinds live here only. Sources name rows with metric::id("…"), which fails to compile for a name
// that is not in the table. The README table, the configuration check and the docs are made from
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "metric/catalogue_rows.hpp"
#include "metric/def.hpp"

namespace edgehaul::metric {

// Index of a row in catalogue().
enum class Id : std::uint16_t {};
inline constexpr Id kNoMetric{0xFFFF};

constexpr std::span<const Def> catalogue() {
  return kRows;
}
constexpr const Def& def(Id id) {
  return kRows[static_cast<std::size_t>(id)];
}

constexpr Id find(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return Id(static_cast<std::uint16_t>(i));
  }
  return kNoMetric;
}

// metric::id("system.cpu.time"): a compile-time look-up; an unknown name does not compile.
consteval Id id(std::string_view name) {
  const Id found = find(name);
  if (found == kNoMetric) throw "this metric is not in the catalogue";
  return found;
}

}  // namespace edgehaul::metric
