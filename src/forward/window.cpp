// SPDX-License-Identifier: Apache-2.0
#include "forward/window.hpp"

#include <ctime>

#include "base/text.hpp"

namespace edgehaul::forward {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kDay = hours(24);

std::optional<minutes> parse_time(std::string_view text) {
  const auto parts = text::split_once(text, ':');
  if (!parts || parts->head.size() != 2 || parts->tail.size() != 2) return std::nullopt;
  const auto hour = text::parse_u64(parts->head);
  const auto minute = text::parse_u64(parts->tail);
  if (!hour || !minute || *minute > 59 || *hour > 24 || (*hour == 24 && *minute > 0)) {
    return std::nullopt;
  }
  return hours(*hour) + minutes(*minute);
}

std::string format_time(minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

}  // namespace

Result<DailyWindow> parse_window(std::string_view text) {
  const auto ends = text::split_once(text, '-');
  const auto from = ends ? parse_time(text::trim(ends->head)) : std::nullopt;
  const auto to = ends ? parse_time(text::trim(ends->tail)) : std::nullopt;
  if (!from || !to) return fail(Errc::invalid, "not a stretch of the day");
  if (*from == *to) return fail(Errc::invalid, "begins when it ends");
  return DailyWindow{*from, *to};
}

std::string format_window(const DailyWindow& window) {
  return format_time(window.from) + "-" + format_time(window.to);
}

std::optional<seconds> left_of(const DailyWindow& window, base::UnixNanos now) {
  const auto time = static_cast<std::time_t>(now / 1'000'000'000);
  std::tm local{};
  if (::localtime_r(&time, &local) == nullptr) return std::nullopt;
  const seconds today = hours(local.tm_hour) + minutes(local.tm_min) + seconds(local.tm_sec);
  const bool is_past_midnight = window.to < window.from;
  const bool is_inside = is_past_midnight ? today >= window.from || today < window.to
                                          : today >= window.from && today < window.to;
  if (!is_inside) return std::nullopt;
  const seconds left = window.to - today;
  return left.count() > 0 ? left : left + kDay;
}

}  // namespace edgehaul::forward
