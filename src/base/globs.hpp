// SPDX-License-Identifier: Apache-2.0
// Choosing names by lists of globs. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace edgehaul::base {

using Globs = std::vector<std::string>;

inline bool matches_any(const Globs& globs, std::string_view name) {
  for (const std::string& glob : globs) {
    if (text::glob_match(glob, name)) return true;
  }
  return false;
}

inline bool is_wanted(const Globs& include, const Globs& exclude, std::string_view name) {
  return matches_any(include, name) && !matches_any(exclude, name);
}

}  // namespace edgehaul::base
