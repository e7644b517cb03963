// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <array>
#include <ctime>
#include <limits>

#include "base/text.hpp"

namespace edgehaul::units {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kKi = 1024.0;
constexpr std::array kSizes{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", kKi},
    Unit{"kib", kKi},
    Unit{"kb", 1e3},
    Unit{"m", kKi* kKi},
    Unit{"mib", kKi* kKi},
    Unit{"mb", 1e6},
    Unit{"g", kKi* kKi* kKi},
    Unit{"gib", kKi* kKi* kKi},
    Unit{"gb", 1e9},
    Unit{"t", kKi* kKi* kKi* kKi},
    Unit{"tib", kKi* kKi* kKi* kKi},
    Unit{"tb", 1e12},
};

constexpr std::array kSpans{
    Unit{"ms", 1},        Unit{"s", 1000},       Unit{"m", 60'000},      Unit{"min", 60'000},
    Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"w", 604'800'000},
};

template <class Table>
const Unit* find_unit(const Table& table, std::string_view name) {
  for (const Unit& unit : table) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.'))
    ++end;
  const std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  return number;
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text::trim(text);
  const auto number = text::parse_double(take_number(rest));
  const Unit* unit = find_unit(kSizes, text::lower(text::trim(rest)));
  if (!number || unit == nullptr) {
    return fail(Errc::invalid, "'{}' is not a size (try 512KiB, 64MiB, 1.5GiB)", text);
  }
  const double bytes = *number * unit->factor;
  if (bytes >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) {
    return fail(Errc::invalid, "'{}' is too large a size", text);
  }
  return static_cast<std::uint64_t>(bytes);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::string_view rest = text::trim(text);
  double total = 0;
  bool any = false;
  while (!rest.empty()) {
    const auto number = text::parse_double(take_number(rest));
    std::size_t end = 0;
    while (end < rest.size() && ((rest[end] >= 'a' && rest[end] <= 'z') || rest[end] == ' '))
      ++end;
    const Unit* unit = find_unit(kSpans, text::trim(rest.substr(0, end)));
    if (!number || unit == nullptr) {
      return fail(Errc::invalid, "'{}' is not a duration (try 500ms, 30s, 5m, 1h30m, 7d)", text);
    }
    rest.remove_prefix(end);
    total += *number * unit->factor;
    any = true;
  }
  if (!any) return fail(Errc::invalid, "'{}' is not a duration (try 500ms, 30s, 5m, 7d)", text);
  if (total > 1e14) return fail(Errc::invalid, "'{}' is too long a duration", text);
  return std::chrono::milliseconds(static_cast<std::int64_t>(total));
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    value /= kKi;
    if (value < kKi) return fmt::format("{:.1f} {}", value, unit);
  }
  return fmt::format("{:.1f} TiB", value / kKi);
}

std::string format_duration(std::chrono::milliseconds span) {
  const std::int64_t ms = span.count();
  if (ms < 0) return "-" + format_duration(-span);
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 10'000 && ms % 1000 != 0) return fmt::format("{:.1f}s", static_cast<double>(ms) / 1000);
  const std::int64_t s = ms / 1000;
  if (s < 60) return fmt::format("{}s", s);
  const auto two = [](std::int64_t big, const char* a, std::int64_t small, const char* b) {
    return small == 0 ? fmt::format("{}{}", big, a) : fmt::format("{}{} {}{}", big, a, small, b);
  };
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86400) return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86400, "d", s % 86400 / 3600, "h");
}

std::string format_utc(std::int64_t unix_nanos) {
  std::int64_t millis = unix_nanos / 1'000'000;
  std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  millis %= 1000;
  if (millis < 0) {
    millis += 1000;
    --seconds;
  }
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis);
}

}  // namespace edgehaul::units
