// SPDX-License-Identifier: Apache-2.0
#include "forward/window.hpp"

#include <cstdlib>
#include <ctime>

#include <doctest/doctest.h>

using namespace edgehaul;
using namespace std::chrono_literals;
using forward::DailyWindow;

namespace {

// 2024-01-01 00:00:00 UTC and so much later.
base::UnixNanos at(std::chrono::seconds later) {
  return 1'704'067'200'000'000'000 + std::chrono::nanoseconds(later).count();
}

struct Zone {
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

}  // namespace

TEST_CASE("window: reads what it writes and nothing else") {
  for (const char* text : {"08:00-18:00", "22:30-06:05", "00:00-24:00"}) {
    const auto window = forward::parse_window(text);
    REQUIRE(window.has_value());
    CHECK(forward::format_window(*window) == text);
  }
  CHECK(forward::parse_window(" 08:00 - 18:00 ").has_value());
  for (const char* text : {"", "8-18", "08:00", "08:00-18:60", "25:00-01:00", "24:01-01:00",
                           "08:00-08:00", "08:00-18:00-20:00", "-1:00-02:00", "aa:bb-cc:dd"}) {
    CHECK_FALSE_MESSAGE(forward::parse_window(text).has_value(), text);
  }
}

TEST_CASE("window: by the host's local time") {
  const Zone zone("XYZ-2");  // two hours east
  const DailyWindow office{8h, 18h};
  CHECK_FALSE(forward::left_of(office, at(5h + 59min + 59s)).has_value());
  CHECK(forward::left_of(office, at(6h)) == 10h);
  CHECK(forward::left_of(office, at(15h + 59min + 59s)) == 1s);
  CHECK_FALSE(forward::left_of(office, at(16h)).has_value());
}

TEST_CASE("window: past midnight") {
  const Zone zone("UTC0");
  const DailyWindow night{22h, 6h};
  CHECK(forward::left_of(night, at(23h)) == 7h);
  CHECK(forward::left_of(night, at(5h)) == 1h);
  CHECK_FALSE(forward::left_of(night, at(12h)).has_value());
}
