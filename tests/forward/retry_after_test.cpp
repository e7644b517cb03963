// SPDX-License-Identifier: Apache-2.0
#include "forward/retry_after.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace edgehaul;
using forward::parse_http_date;
using forward::parse_retry_after;
using std::chrono::milliseconds;

namespace {
// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kThen = 784'111'777;
constexpr base::UnixNanos kThenNanos = kThen * 1'000'000'000;
}  // namespace

TEST_CASE("retry-after: the three forms of a date are one moment") {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    CAPTURE(text);
    const auto date = parse_http_date(text, kThenNanos);
    REQUIRE(date.has_value());
    CHECK(date->time_since_epoch().count() == kThen);
  }
}

TEST_CASE("retry-after: seconds, dates, nonsense") {
  struct Row {
    std::string text;
    std::int64_t expected_ms;  // -1: nullopt
  };
  const std::int64_t most = forward::kLongestRetryAfter.count();
  const Row rows[] = {
      {"0", 0},
      {"120", 120'000},
      {" 8 ", 8'000},
      {"99999999999", most},
      {"99999999999999999999999999", most},
      {"-1", -1},
      {"+1", -1},
      {"1.5", -1},
      {"8s", -1},
      {"", -1},
      {"   ", -1},
      {"soon", -1},
      {"Sun, 06 Nov 1994 08:50:37 GMT", 60'000},
      {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
      {"Sun, 06 Nov 1993 08:49:37 GMT", 0},
      {"Fri, 31 Dec 9999 23:59:59 GMT", most},
      {"Sun, 06 Nov 1994 08:50:37 CET", -1},
      {"Sun, 06 Nov 1994 24:50:37 GMT", -1},
      {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
      {"Wed, 30 Feb 1994 08:49:37 GMT", -1},
      {"Sun, 06 Nov 1994 GMT", -1},
      {"Sun, 06 Nov 1994 08:49:37 GMT GMT GMT", -1},
      {"Sun Foo  6 08:49:37 1994", -1},
      {"Sun Nov  6 08:49:37 94x4", -1},
      {"1994-11-06T08:49:37Z", -1},
      {std::string(100'000, ','), -1},
      {std::string(100'000, '9'), most},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    const auto delay = parse_retry_after(row.text, kThenNanos);
    CHECK(delay.value_or(milliseconds(-1)).count() == row.expected_ms);
  }
}

TEST_CASE("retry-after: a year of two digits") {
  struct Row {
    const char* text;
    int year;
  };
  constexpr base::UnixNanos in_2026 = 1'795'000'000LL * 1'000'000'000;
  for (const Row& row :
       {Row{"Sunday, 06-Nov-26 08:49:37 GMT", 2026}, Row{"Sunday, 06-Nov-76 08:49:37 GMT", 2076},
        Row{"Sunday, 06-Nov-77 08:49:37 GMT", 1977}, Row{"Sunday, 06-Nov-00 08:49:37 GMT", 2000}}) {
    CAPTURE(row.text);
    const auto date = parse_http_date(row.text, in_2026);
    REQUIRE(date.has_value());
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(*date)};
    CHECK(static_cast<int>(day.year()) == row.year);
  }
}
