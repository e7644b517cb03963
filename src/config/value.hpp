// SPDX-License-Identifier: Apache-2.0
// One value of the key table: text to member and back, by the row's type and limits. Pure but for
// references in values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/expand.hpp"
#include "config/keys.hpp"
#include "config/tree.hpp"

namespace edgehaul::config {

// What is wrong with a value; `below` is what follows the row's path ("[2]", ".authorization") and
// `shown` the part as written, or empty.
struct Problem {
  std::string below;
  int line = 0;
  std::string shown;
  std::string message;
  std::string suggestion;
  bool is_unknown_name = false;  // a metric that this version does not have
};

// Sets the row's member from `node`; a null node leaves the default. Members stay as they were when
// there are problems, maps and lists take what is right.
std::vector<Problem> set_value(const Key& key, Slot slot, const Node& node,
                               const Environment& environment);

// The member as one would write it in YAML: "10s", "256MiB", "[a, b]". Secrets are written too:
// for comparing, and for defaults.
std::string write_value(const Key& key, Slot slot);

// "100ms to 1h"; "agent, relay"; empty when there is nothing to say.
std::string write_limits(const Key& key);

// A text as a YAML scalar, quoted where it must be.
std::string yaml_scalar(std::string_view text);

}  // namespace edgehaul::config
