// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until told, and may be told while other threads look.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace edgehaul::test {

class SharedClock final : public base::Clock {
 public:
  explicit SharedClock(base::UnixNanos wall_start = 1'700'000'000'000'000'000)
      : wall_(wall_start) {}
  base::UnixNanos wall() const override { return wall_; }
  base::Steady steady() const override { return base::Steady(since_boot()); }
  std::chrono::nanoseconds since_boot() const override { return std::chrono::nanoseconds(boot_); }
  void advance(std::chrono::nanoseconds by) {
    wall_ += by.count();
    boot_ += by.count();
  }
  void step_wall(std::chrono::nanoseconds by) { wall_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> boot_{3'600'000'000'000};
};

}  // namespace edgehaul::test
