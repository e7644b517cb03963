// SPDX-License-Identifier: Apache-2.0
// One thing that is wrong with a configuration, and where. Plain data: values of secret keys and
// values that came out of a reference are never in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace edgehaul::config {

enum class Severity : std::uint8_t {
  note,     // worth knowing; shown by `check` alone
  warning,  // runs, though not as written
  error,    // does not run
};

// Where something was said. Line 0: a whole file, or the command line.
struct Where {
  std::string file;
  int line = 0;
};

struct Fault {
  Severity severity = Severity::error;
  Where where;
  std::string key;         // "forward[0].timeout"; empty: the file itself
  std::string value;       // as written, before references; empty: none or a secret
  std::string message;     // "not a duration"
  std::string suggestion;  // "try 500ms, 30s, 5m"; may be empty
};

using Faults = std::vector<Fault>;

// So many are told of, the rest is counted.
inline constexpr std::size_t kMaxFaults = 100;

}  // namespace edgehaul::config
