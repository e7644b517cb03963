// SPDX-License-Identifier: Apache-2.0
// A counter that the kernel prints with 32 bits, continued past its wrap. Plain data.
#pragma once

#include <cstdint>
#include <limits>

namespace edgehaul::host {

class Unwrap32 {
 public:
  // The continued value after reading `raw`. A step back of less than half the range is jitter and
  // holds the value; values that need more than 32 bits are the kernel's own and taken as they are.
  std::uint64_t feed(std::uint64_t raw) {
    const auto low = static_cast<std::uint32_t>(raw);
    if (!is_started_ || raw > std::numeric_limits<std::uint32_t>::max()) {
      is_started_ = true;
      total_ = raw;
      last_ = low;
      return total_;
    }
    const std::uint32_t step = low - last_;
    if (step < (std::uint32_t{1} << 31)) {
      total_ += step;
      last_ = low;
    }
    return total_;
  }

  // The counter began anew: the next value is taken as it is.
  void restart() { is_started_ = false; }

 private:
  std::uint64_t total_ = 0;
  std::uint32_t last_ = 0;
  bool is_started_ = false;
};

}  // namespace edgehaul::host
