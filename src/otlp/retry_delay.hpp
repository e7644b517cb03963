// SPDX-License-Identifier: Apache-2.0
// google.rpc.RetryInfo's delay as numbers that cannot overflow. Inside the room only. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace edgehaul::otlp {

inline constexpr std::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

// By the last part of the type URL, as Any is defined: the host before it may differ.
inline bool is_retry_info(std::string_view url) {
  constexpr std::string_view kName = "google.rpc.RetryInfo";
  return url == kName || url.ends_with("/google.rpc.RetryInfo");
}

// Negative delays are none at all; no peer may ask for more than a day.
inline std::chrono::milliseconds bounded_delay(std::int64_t seconds, std::int64_t nanos) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t whole = std::clamp<std::int64_t>(seconds, 0, kDay) * 1000;
  const std::int64_t part = std::clamp<std::int64_t>(nanos, 0, 999'999'999) / 1'000'000;
  return std::chrono::milliseconds(std::min(whole + part, kDay * 1000));
}

}  // namespace edgehaul::otlp
