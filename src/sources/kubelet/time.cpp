// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "base/text.hpp"
#include "sources/kubelet/summary.hpp"

namespace edgehaul::kubelet {

namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr int kLastYear = 2262;  // nanoseconds in 64 bits end in its April

// Takes a number of `digits` digits and what follows it; `follows` '\0': nothing in particular.
bool take(std::string_view& rest, std::size_t digits, char follows, int& out) {
  if (rest.size() < digits || !text::parse_into(rest.substr(0, digits), out) || out < 0)
    return false;
  rest.remove_prefix(digits);
  if (follows == '\0') return true;
  if (rest.empty() || rest.front() != follows) return false;
  rest.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& rest, std::int64_t& nanoseconds) {
  if (rest.empty() || rest.front() != '.') return true;
  rest.remove_prefix(1);
  std::int64_t unit = kBillion / 10;
  std::size_t digits = 0;
  for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
    nanoseconds += (rest[digits] - '0') * unit;
    unit /= 10;
  }
  rest.remove_prefix(digits);
  return digits > 0;
}

bool take_zone(std::string_view rest, std::int64_t& offset_seconds) {
  if (rest == "Z" || rest == "z") return true;
  if (rest.empty() || (rest.front() != '+' && rest.front() != '-')) return false;
  const int sign = rest.front() == '-' ? -1 : 1;
  rest.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take(rest, 2, ':', hours) || !take(rest, 2, '\0', minutes) || !rest.empty()) return false;
  if (hours > 23 || minutes > 59) return false;
  offset_seconds = std::int64_t{sign} * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

std::optional<base::UnixNanos> parse_time(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t nanoseconds = 0;
  std::int64_t offset = 0;
  if (!take(text, 4, '-', year) || !take(text, 2, '-', month) || !take(text, 2, 'T', day) ||
      !take(text, 2, ':', hour) || !take(text, 2, ':', minute) || !take(text, 2, '\0', second) ||
      !take_fraction(text, nanoseconds) || !take_zone(text, offset)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (year >= kLastYear) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset;
  return std::max<base::UnixNanos>(0, seconds < 0 ? 0 : seconds * kBillion + nanoseconds);
}

}  // namespace edgehaul::kubelet
