// SPDX-License-Identifier: Apache-2.0
// `--set KEY=VALUE`: one value laid upon the tree. Pure.
#pragma once

#include <string>

#include "config/fault.hpp"
#include "config/tree.hpp"

namespace edgehaul::config {

// KEY is a path of the key table, an index written as .0 or [0]; behind a map's path the rest is
// one name ("collect.metrics.system.cpu.time"). VALUE is taken as it stands, or as YAML where the
// key wants a list or map or the value is quoted.
void apply_override(const std::string& set, Node& root, Faults& faults);

}  // namespace edgehaul::config
