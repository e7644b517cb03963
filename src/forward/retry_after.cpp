// SPDX-License-Identifier: Apache-2.0
#include "forward/retry_after.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"

namespace edgehaul::forward {

namespace {

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Fields between blanks, commas and hyphens: the three forms differ only in order then.
struct Fields {
  std::array<std::string_view, 6> at;
  std::size_t count = 0;
};

std::optional<Fields> cut_fields(std::string_view text) {
  constexpr std::string_view marks = " ,-";
  Fields fields;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(marks);
    if (begin == std::string_view::npos) return fields;
    if (fields.count == fields.at.size()) return std::nullopt;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(marks), text.size());
    fields.at[fields.count++] = text.substr(0, end);
    text.remove_prefix(end);
  }
}

std::optional<unsigned> parse_month(std::string_view name) {
  const auto* const found = std::find(kMonths.begin(), kMonths.end(), name);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

std::optional<std::chrono::seconds> parse_time_of_day(std::string_view text) {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  if (!text::parse_into(text.substr(0, 2), hour) || !text::parse_into(text.substr(3, 2), minute) ||
      !text::parse_into(text.substr(6, 2), second)) {
    return std::nullopt;
  }
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::seconds(hour * 3600 + minute * 60 + second);
}

// RFC 9110 §5.6.7: an RFC 850 year that seems more than 50 years ahead lies in the past.
std::optional<int> parse_year(std::string_view text, base::UnixNanos now) {
  unsigned year = 0;
  if (!text::parse_into(text, year)) return std::nullopt;
  if (text.size() == 4) return static_cast<int>(year);
  if (text.size() != 2) return std::nullopt;
  const auto today = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(now)));
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  const int guess = this_year - this_year % 100 + static_cast<int>(year);
  return guess > this_year + 50 ? guess - 100 : guess;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text,
                                                        base::UnixNanos now) {
  const auto fields = cut_fields(text);
  if (!fields || fields->count < 5) return std::nullopt;
  const auto& f = fields->at;
  // asctime() puts the month before the day and the year last, and names no zone.
  const bool is_asctime = fields->count == 5 && parse_month(f[1]).has_value();
  if (!is_asctime && (fields->count != 6 || f[5] != "GMT")) return std::nullopt;
  const auto month = parse_month(is_asctime ? f[1] : f[2]);
  unsigned day = 0;
  if (!month || !text::parse_into(is_asctime ? f[2] : f[1], day)) return std::nullopt;
  const auto year = parse_year(is_asctime ? f[4] : f[3], now);
  const auto time = parse_time_of_day(is_asctime ? f[3] : f[4]);
  if (!year || !time) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + *time;
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           base::UnixNanos now) {
  using std::chrono::milliseconds;
  value = text::trim(value);
  const bool is_number =
      !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_number) {
    std::int64_t seconds = 0;
    const std::int64_t most =
        std::chrono::duration_cast<std::chrono::seconds>(kLongestRetryAfter).count();
    if (!text::parse_into(value, seconds)) seconds = most;  // more digits than 64 bits hold
    return milliseconds(std::chrono::seconds(std::min(seconds, most)));
  }
  const auto date = parse_http_date(value, now);
  if (!date) return std::nullopt;
  const auto moment = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(now)));
  return std::clamp(milliseconds(*date - moment), milliseconds(0), kLongestRetryAfter);
}

}  // namespace edgehaul::forward
