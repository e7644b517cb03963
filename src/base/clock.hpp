// SPDX-License-Identifier: Apache-2.0
// Time as an argument: loops hold a Clock&, everything below takes the values. Only clock.cpp asks
// the system what time it is. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace edgehaul::base {

// Nanoseconds since the Unix epoch, wall clock; may step.
using UnixNanos = std::int64_t;
using Steady = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixNanos wall() const = 0;
  virtual Steady steady() const = 0;
  // Time since boot, suspend included (CLOCK_BOOTTIME).
  virtual std::chrono::nanoseconds since_boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  UnixNanos wall() const override;
  Steady steady() const override;
  std::chrono::nanoseconds since_boot() const override;
};

// A clock that stands still until told; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixNanos wall_start = 1'700'000'000'000'000'000) : wall_(wall_start) {}
  UnixNanos wall() const override { return wall_; }
  Steady steady() const override { return Steady(steady_); }
  std::chrono::nanoseconds since_boot() const override { return steady_; }
  void advance(std::chrono::nanoseconds by) {
    wall_ += by.count();
    steady_ += by;
  }
  void step_wall(std::chrono::nanoseconds by) { wall_ += by.count(); }

 private:
  UnixNanos wall_;
  std::chrono::nanoseconds steady_{std::chrono::hours(1)};
};

}  // namespace edgehaul::base
