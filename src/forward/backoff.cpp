// SPDX-License-Identifier: Apache-2.0
#include "forward/backoff.hpp"

#include <algorithm>

namespace edgehaul::forward {

namespace {

using std::chrono::milliseconds;

milliseconds ceiling(const BackoffLimits& limits, unsigned failures) {
  const milliseconds maximum = std::max(limits.maximum, milliseconds(1));
  milliseconds value = std::clamp(limits.initial, milliseconds(1), maximum);
  for (unsigned i = 1; i < failures && value < maximum; ++i)
    value = value > maximum / 2 ? maximum : value * 2;
  return value;
}

milliseconds part_of(milliseconds whole, double random) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(whole.count()) * random));
}

}  // namespace

milliseconds backoff_delay(const BackoffLimits& limits, unsigned failures,
                           std::optional<milliseconds> hint, double random) {
  const milliseconds top = ceiling(limits, failures);
  const milliseconds least = std::min(kShortestDelay, top);
  const milliseconds jittered = std::max(part_of(top, random), least);
  if (!hint || *hint <= milliseconds(0)) return jittered;
  const milliseconds floor = std::min(*hint, kLongestHint);
  return std::max(jittered, floor + part_of(std::min(top, floor / 4), random));
}

BackoffLimits slow(const BackoffLimits& limits) {
  constexpr milliseconds kEnough = std::chrono::hours(24);
  const milliseconds initial = std::clamp(limits.initial, milliseconds(1), kEnough);
  const milliseconds maximum = std::clamp(limits.maximum, initial, kEnough);
  return {std::min(initial * 10, maximum), maximum * 5};
}

}  // namespace edgehaul::forward
