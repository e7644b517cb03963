// SPDX-License-Identifier: Apache-2.0
#include "sources/host/pressure.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {
constexpr const char* kType = "system.pressure.stall_type";
}

TEST_CASE("pressure: totals are seconds, averages are shares, full of the CPU is left out") {
  test::Probe probe;
  PressureSource pressure(test::machine("big-server"), PressureOptions());
  REQUIRE(probe.tick(pressure));
  CHECK(probe.real("system.cpu.linux.pressure.total", {{kType, "some"}}) == 987.654321);
  CHECK_FALSE(probe.find("system.cpu.linux.pressure.total", {{kType, "full"}}));
  CHECK(probe.real("system.memory.linux.pressure.total", {{kType, "some"}}) == 1.0);
  CHECK(probe.real("system.memory.linux.pressure.total", {{kType, "full"}}) == 0.5);
  CHECK(probe.real("system.io.linux.pressure.10s", {{kType, "some"}}) == 0.015);
  CHECK(probe.real("system.io.linux.pressure.1m", {{kType, "full"}}) == 0.0025);
  CHECK(probe.real("system.io.linux.pressure.5m", {{kType, "some"}}) == 0.12);
  CHECK(probe.real("system.irq.linux.pressure.total", {{kType, "full"}}) == 0.75);
  CHECK_FALSE(probe.find("system.irq.linux.pressure.total", {{kType, "some"}}));
}

TEST_CASE("pressure: a kernel without interrupt pressure is no fault") {
  test::Probe probe;
  PressureSource pressure(test::machine("arm-edge"), PressureOptions());
  CHECK(probe.tick(pressure));
  CHECK(probe.count("system.irq.linux.pressure.total") == 0);
  CHECK(probe.count("system.io.linux.pressure.total") == 2);
}

TEST_CASE("pressure: line by line") {
  const struct {
    const char* body;
    bool some;
    bool full;
    std::size_t faults;
  } rows[] = {
      {"some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n", true, false, 0},
      {"full avg10=0.00 avg60=0.00 avg300=0.00 total=1", false, true, 0},
      {"", false, false, 0},
      {"new avg10=0.00\n", false, false, 0},
      {"some avg10=0.00 avg60=0.00 avg300=0.00 total=\n", false, false, 1},
      {"some avg10=0.00 avg60=0.00 avg300=0.00\n", false, false, 1},
      {"some avg10=x avg60=0.00 avg300=0.00 total=1\n", false, false, 1},
      {"some avg60=0.00 avg10=0.00 avg300=0.00 total=1\n", false, false, 1},
      {"some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n", false, false, 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    Faults faults;
    const Pressure pressure = parse_pressure(row.body, faults);
    CHECK(pressure.some.has_value() == row.some);
    CHECK(pressure.full.has_value() == row.full);
    CHECK(faults.count() == row.faults);
  }
}

TEST_CASE("pressure: hostile tree: the good line is delivered") {
  test::Probe probe;
  PressureSource pressure(test::machine("hostile"), PressureOptions());
  CHECK(probe.tick(pressure).error().code == Errc::malformed);
  CHECK(probe.real("system.io.linux.pressure.total", {{kType, "full"}}) == 42e-6);
  CHECK(probe.count("system.io.linux.pressure.total") == 1);
}

TEST_CASE("pressure: switched off at boot") {
  test::TempDir dir;
  test::Probe probe;
  PressureSource pressure(dir.roots(), PressureOptions());
  CHECK(probe.tick(pressure).error().code == Errc::absent);
}
