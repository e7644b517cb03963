// SPDX-License-Identifier: Apache-2.0
// How long to wait after failures in a row: exponential, with full jitter so that a fleet that lost
// its relay together does not return together. Pure.
#pragma once

#include <chrono>
#include <optional>

namespace edgehaul::forward {

struct BackoffLimits {
  std::chrono::milliseconds initial;
  std::chrono::milliseconds maximum;
};

// A server's wish is followed up to this much; it may be wrong or hostile.
inline constexpr std::chrono::milliseconds kLongestHint = std::chrono::hours(1);
// No try follows a failure faster than this, however the dice fall.
inline constexpr std::chrono::milliseconds kShortestDelay{50};

// The delay after the `failures`-th failure in a row (1 is the first): uniform below
// initial × 2^(failures-1), at most `maximum`. A hint of the server is a floor, with a little
// jitter above it. `random` is in [0, 1).
std::chrono::milliseconds backoff_delay(const BackoffLimits& limits, unsigned failures,
                                        std::optional<std::chrono::milliseconds> hint,
                                        double random);

// Where people must act first (401, 404…) tries are ten times slower to begin with and up to five
// times slower later.
BackoffLimits slow(const BackoffLimits& limits);

}  // namespace edgehaul::forward
