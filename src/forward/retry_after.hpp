// SPDX-License-Identifier: Apache-2.0
// The Retry-After header (RFC 9110 §10.2.3): seconds or a date in one of the three HTTP forms.
// Pure; untrusted bytes are fine.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace edgehaul::forward {

// How long to wait from `now`; a date that has passed is zero, nonsense is nullopt. At most
// kLongestRetryAfter, so that sums with it cannot overflow.
inline constexpr std::chrono::milliseconds kLongestRetryAfter{std::chrono::hours(24 * 365)};
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           base::UnixNanos now);

// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994".
// A year of two digits is the nearest one that is not more than 50 years after `now`.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, base::UnixNanos now);

}  // namespace edgehaul::forward
