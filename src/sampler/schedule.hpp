// SPDX-License-Identifier: Apache-2.0
// When to tick: on multiples of the interval of the wall clock, without drift; an overrun skips
// ticks instead of bunching them, and a wall clock that steps neither stops nor floods the
// sampling. Pure: time comes in, decisions go out.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace edgehaul::sampler {

// The first multiple of `interval` after `now`.
base::UnixNanos next_tick(base::UnixNanos now, std::chrono::milliseconds interval);

class Schedule {
 public:
  struct Decision {
    bool is_due = false;
    std::chrono::nanoseconds wait{0};  // until the next look, at most one interval
    std::uint64_t skipped = 0;         // whole intervals passed over since the last tick
  };

  explicit Schedule(std::chrono::milliseconds interval) : interval_(interval) {}
  void set_interval(std::chrono::milliseconds interval);
  // Is a tick due? The first call always says so.
  Decision next(base::UnixNanos wall, base::Steady steady);

 private:
  std::chrono::milliseconds interval_;
  base::UnixNanos due_ = 0;  // 0: no tick yet
  base::Steady last_{};
};

}  // namespace edgehaul::sampler
