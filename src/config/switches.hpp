// SPDX-License-Identifier: Apache-2.0
// `collect.metrics`: which metrics are on, by names and globs. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metric/selection.hpp"

namespace edgehaul::config {

struct Switch {
  std::string pattern;
  bool on = false;
};

// Applies shorter globs first, then longer ones, then names, so that the order of writing (and of
// drop-ins) does not matter. Returns the patterns that no metric has.
std::vector<std::string> apply_switches(std::vector<Switch> switches, metric::Selection& selection);

// "did you mean system.cpu.time?", or empty.
std::string suggest_metric(std::string_view name);

// What differs from the catalogue's defaults: "system.cpu.time: false, …".
std::string write_switches(const metric::Selection& selection);

}  // namespace edgehaul::config
