// SPDX-License-Identifier: Apache-2.0
// Bytes per second, smoothed over some minutes; the plain average while younger than that. Pure.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "base/clock.hpp"

namespace edgehaul::spool {

class Rate {
 public:
  void add(double bytes, base::Steady now) {
    if (!has_begun_) {
      // The first arrival only starts the measurement: nobody knows how long it took to gather.
      has_begun_ = true;
      start_ = last_ = now;
      return;
    }
    pending_ += bytes;
    const double span = std::chrono::duration<double>(now - last_).count();
    if (span < 1) return;
    const double age = std::chrono::duration<double>(now - start_).count();
    const double share = age < kSeconds ? span / age : 1 - std::exp(-span / kSeconds);
    value_ += (pending_ / span - value_) * share;
    pending_ = 0;
    last_ = now;
  }

  double per_second() const { return value_; }  // 0 until known

 private:
  static constexpr double kSeconds = 600;
  bool has_begun_ = false;
  base::Steady start_;
  base::Steady last_;
  double pending_ = 0;
  double value_ = 0;
};

}  // namespace edgehaul::spool
