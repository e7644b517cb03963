// SPDX-License-Identifier: Apache-2.0
// The spool's own clock, in seconds, by which records age. It runs with the time since boot
// (suspend included) and never follows a step of the wall clock; the time between two runs is taken
// from the wall clock, but at most kMaxGap of it, because a year in storage and a clock that jumped
// a year look the same. Pure; spool thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace edgehaul::spool {

class AgeClock {
 public:
  static constexpr std::int64_t kMaxGap = 24 * 3600;

  // Continues from a reading taken at wall time `then`; never runs backwards within one process.
  void start(std::int64_t reading, base::UnixNanos then, const base::Clock& clock) {
    const std::int64_t gap = clock.wall() > then ? (clock.wall() - then) / 1'000'000'000 : 0;
    const std::int64_t resumed = reading + std::min(gap, kMaxGap);
    start_ = is_running_ ? std::max(now(clock), resumed) : resumed;
    since_ = clock.since_boot();
    is_running_ = true;
  }

  std::int64_t now(const base::Clock& clock) const {
    return start_ +
           std::chrono::duration_cast<std::chrono::seconds>(clock.since_boot() - since_).count();
  }

 private:
  bool is_running_ = false;
  std::int64_t start_ = 0;
  std::chrono::nanoseconds since_{0};
};

}  // namespace edgehaul::spool
