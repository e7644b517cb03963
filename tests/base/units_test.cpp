// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <array>

#include <doctest/doctest.h>

namespace units = edgehaul::units;
using std::chrono::milliseconds;

TEST_CASE("units: sizes") {
  CHECK(units::parse_bytes("256MiB") == 256ULL << 20);
  CHECK(units::parse_bytes("64k") == 65536);
  CHECK(units::parse_bytes("10 MB") == 10'000'000);
  CHECK(units::parse_bytes("1.5GiB") == 3ULL << 29);
  CHECK(units::parse_bytes("4096") == 4096);
  for (const char* bad : {"", "MiB", "12parsecs", "-1", "1e30TiB", "99999999TiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(units::parse_bytes(bad).has_value());
  }
}

TEST_CASE("units: durations") {
  CHECK(units::parse_duration("10s") == milliseconds(10'000));
  CHECK(units::parse_duration("1h30m") == milliseconds(5'400'000));
  CHECK(units::parse_duration("30d") == milliseconds(2'592'000'000));
  CHECK(units::parse_duration("500ms") == milliseconds(500));
  CHECK(units::parse_duration("0s") == milliseconds(0));
  for (const char* bad : {"", "10", "5parsecs", "s", "1h30", "-5s", "999999999999w"}) {
    CAPTURE(bad);
    CHECK_FALSE(units::parse_duration(bad).has_value());
  }
}

TEST_CASE("units: what people read") {
  CHECK(units::format_bytes(512) == "512 B");
  CHECK(units::format_bytes(3'250'586) == "3.1 MiB");
  CHECK(units::format_duration(milliseconds(8000)) == "8s");
  CHECK(units::format_duration(milliseconds(1500)) == "1.5s");
  CHECK(units::format_duration(milliseconds(7'500'000)) == "2h 5m");
  CHECK(units::format_utc(0) == "1970-01-01T00:00:00.000Z");
  CHECK(units::format_utc(1'763'854'709'123'000'000) == "2025-11-22T23:38:29.123Z");
}
