// SPDX-License-Identifier: Apache-2.0
// A stretch of each day by the host's local time (TZ, /etc/localtime), for links that cost more
// then. Pure but for the time zone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace edgehaul::forward {

struct DailyWindow {
  std::chrono::minutes from{0};  // since midnight
  std::chrono::minutes to{0};    // not part of it; before `from`: past midnight

  bool operator==(const DailyWindow&) const = default;
};

// "08:00-18:00", "22:00-06:00".
Result<DailyWindow> parse_window(std::string_view text);
std::string format_window(const DailyWindow& window);

// How long the window goes on; nullopt outside of it. A change of the clock or of daylight saving
// time is seen when asked again.
std::optional<std::chrono::seconds> left_of(const DailyWindow& window, base::UnixNanos now);

}  // namespace edgehaul::forward
