// SPDX-License-Identifier: Apache-2.0
#include "metric/selection.hpp"

#include "base/text.hpp"

namespace edgehaul::metric {

std::size_t Selection::set_matching(std::string_view glob, bool on) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < catalogue().size(); ++i) {
    if (!text::glob_match(glob, catalogue()[i].name)) continue;
    on_[i] = on;
    ++count;
  }
  return count;
}

}  // namespace edgehaul::metric
