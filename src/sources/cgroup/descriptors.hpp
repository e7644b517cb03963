// SPDX-License-Identifier: Apache-2.0
// How many descriptors the source may keep between ticks. Belongs to it; collect thread.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/fd.hpp"

namespace edgehaul::cgroup {

class Descriptors {
 public:
  explicit Descriptors(std::size_t most) : most_(most) {}

  // Moves an open descriptor to where it is kept, as long as `reserve` stay free; else it is left.
  bool keep(base::Fd& from, base::Fd& to, std::size_t reserve) {
    if (used_ + reserve >= most_) return false;
    if (!to) ++used_;
    to = std::move(from);
    return true;
  }
  void drop(base::Fd& kept) {
    if (!kept) return;
    kept.reset();
    --used_;
  }
  std::size_t most() const { return most_; }

 private:
  std::size_t most_;
  std::size_t used_ = 0;
};

// The configured number, or half of what the process may open where that is less.
std::size_t descriptor_budget(std::size_t configured);

}  // namespace edgehaul::cgroup
