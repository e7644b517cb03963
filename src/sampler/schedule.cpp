// SPDX-License-Identifier: Apache-2.0
#include "sampler/schedule.hpp"

namespace edgehaul::sampler {

base::UnixNanos next_tick(base::UnixNanos now, std::chrono::milliseconds interval) {
  const base::UnixNanos step = std::chrono::nanoseconds(interval).count();
  return (now / step + 1) * step;
}

void Schedule::set_interval(std::chrono::milliseconds interval) {
  if (interval == interval_) return;
  interval_ = interval;
  if (due_ != 0) due_ = 1;  // look again at once; next() re-aligns
}

Schedule::Decision Schedule::next(base::UnixNanos wall, base::Steady steady) {
  const std::chrono::nanoseconds interval = interval_;
  const bool is_first = due_ == 0;
  const bool stepped_back = due_ - wall > interval.count();
  if (!is_first && !stepped_back && wall < due_) {
    return {.is_due = false, .wait = std::chrono::nanoseconds(due_ - wall), .skipped = 0};
  }
  Decision decision{.is_due = true, .wait = {}, .skipped = 0};
  if (!is_first) {
    // By the steady clock: a wall clock set forward a year has skipped nothing.
    const auto passed = (steady - last_ + interval / 2) / interval;
    decision.skipped = passed > 1 ? static_cast<std::uint64_t>(passed - 1) : 0;
  }
  due_ = next_tick(wall, interval_);
  last_ = steady;
  decision.wait = std::chrono::nanoseconds(due_ - wall);
  return decision;
}

}  // namespace edgehaul::sampler
