// SPDX-License-Identifier: Apache-2.0
#include "sources/host/sensors.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "sources/host/gate.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

using Readings = std::vector<SensorReading>;

const SensorWishes kAll{{"*"}, {}, true, true, true};

Readings scan(const base::Roots& roots, const SensorWishes& wishes = kAll) {
  Readings out;
  scan_sensors(roots.sys, wishes, out);
  return out;
}

const SensorReading* find(const Readings& readings, metric::Id metric, std::string_view id,
                          std::string_view limit = {}) {
  for (const SensorReading& reading : readings)
    if (reading.metric == metric && reading.id == id && reading.limit_type == limit)
      return &reading;
  return nullptr;
}

constexpr metric::Id kTemperature = metric::id("hw.temperature");
constexpr metric::Id kLimit = metric::id("hw.temperature.limit");

test::Gate* hanging_gate = nullptr;
void hanging_scan(const std::string& sys, const SensorWishes& wishes, Readings& out) {
  hanging_gate->pass();
  scan_sensors(sys, wishes, out);
}

// Until the scan that was asked for has been taken.
Result<void> tick_until_scanned(test::Probe& probe, Sensors& sensors) {
  auto result = probe.tick(sensors);
  while (result && probe.size() == 0) {
    std::this_thread::yield();
    result = probe.tick(sensors);
  }
  return result;
}

}  // namespace

TEST_CASE("hwmon: a large server: units, labels, limits, bus addresses") {
  const Readings readings = scan(test::machine("big-server"));
  const auto* core = find(readings, kTemperature, "coretemp/coretemp.1/temp3");
  REQUIRE(core != nullptr);
  CHECK(core->value == 40.5);
  CHECK(core->name == "coretemp");
  CHECK(core->location == "Core 1");
  const auto value = [&](metric::Id metric, std::string_view id, std::string_view limit = {}) {
    const auto* reading = find(readings, metric, id, limit);
    return reading == nullptr ? std::nan("") : reading->value;
  };
  CHECK(value(kTemperature, "nvme/nvme0/temp1") == 36.85);
  CHECK(value(kLimit, "nvme/nvme0/temp1", "high.critical") == 84.85);
  CHECK(value(kLimit, "nvme/nvme0/temp1", "high.degraded") == 81.85);
  CHECK(value(kLimit, "nvme/nvme0/temp1", "low.degraded") == -273.15);
  CHECK(value(metric::id("hw.fan.speed"), "nct6798/nct6775.656/fan1") == 1250);
  CHECK(value(metric::id("hw.fan.speed"), "nct6798/nct6775.656/fan2") == 0);
  CHECK(value(metric::id("hw.voltage"), "nct6798/nct6775.656/in0") == 1.032);
  CHECK(value(metric::id("hw.current"), "nct6798/nct6775.656/curr1") == 12.5);
  CHECK(value(metric::id("hw.power"), "power_meter/ACPI000D:00/power1") == 312);
  CHECK(value(kTemperature, "x86_pkg_temp/thermal_zone0") == 48);
  // A sensor that says it is broken, and what is no sensor (pwm1).
  CHECK(find(readings, kTemperature, "nct6798/nct6775.656/temp1") == nullptr);
  CHECK(readings.size() == 10 + 20 + 1 + 3 + 2 + 1 + 1 + 1 + 1);
}

TEST_CASE("thermal: a board without hwmon: zones, trips, a zone that cannot be read") {
  const Readings readings = scan(test::machine("arm-edge"));
  REQUIRE(readings.size() == 3);
  CHECK(find(readings, kTemperature, "cpu-thermal/thermal_zone0")->value == 61.3);
  CHECK(find(readings, kLimit, "cpu-thermal/thermal_zone0", "high.degraded")->value == 90);
  CHECK(find(readings, kLimit, "cpu-thermal/thermal_zone0", "high.critical")->value == 105);
}

TEST_CASE("sensors: only what is wished is read") {
  const Readings readings =
      scan(test::machine("big-server"), {{"*"}, {"core*"}, false, false, false});
  CHECK(find(readings, kLimit, "nvme/nvme0/temp1", "high.critical") == nullptr);
  for (const SensorReading& reading : readings) {
    CHECK(reading.name != "coretemp");
    CHECK(reading.metric != metric::id("hw.voltage"));
    CHECK(reading.metric != metric::id("hw.current"));
  }
  CHECK(readings.size() == 1 + 2 + 1 + 1);
}

TEST_CASE("hwmon: power prefers the instant value, old drivers and mirrored zones") {
  test::TempDir dir;
  dir.write("sys/class/hwmon/hwmon0/name", "meter\n");
  dir.write("sys/class/hwmon/hwmon0/power1_average", "2000000\n");
  dir.write("sys/class/hwmon/hwmon0/power1_input", "3000000\n");
  dir.write("sys/class/hwmon/hwmon1/device/name", "old\n");
  dir.write("sys/class/hwmon/hwmon1/device/temp1_input", "20500\n");
  dir.write("sys/class/thermal/thermal_zone4/type", "soc\n");
  dir.write("sys/class/thermal/thermal_zone4/temp", "33000\n");
  dir.write("sys/class/hwmon/hwmon2/name", "soc\n");
  dir.write("sys/class/hwmon/hwmon2/temp1_input", "33000\n");
  std::filesystem::create_symlink("../../thermal/thermal_zone4",
                                  dir.at("sys/class/hwmon/hwmon2/device"));
  const Readings readings = scan(dir.roots());
  REQUIRE(readings.size() == 3);
  CHECK(find(readings, metric::id("hw.power"), "meter/hwmon0/power1")->value == 3);
  CHECK(find(readings, kTemperature, "old/hwmon1/temp1")->value == 20.5);
  CHECK(find(readings, kTemperature, "soc/thermal_zone4")->value == 33);
}

TEST_CASE("sensors: hostile folders yield nothing twice and nothing without a name") {
  const Readings readings = scan(test::machine("hostile"));
  REQUIRE(readings.size() == 1);
  CHECK(readings[0].id == "chip/hwmon0/temp2");
  test::TempDir dir;
  for (int i = 0; i < 3000; ++i)
    dir.write(fmt::format("sys/class/hwmon/hwmon0/temp{}_input", i), "1\n");
  dir.write("sys/class/hwmon/hwmon0/name", "crowd\n");
  CHECK(scan(dir.roots()).size() <= kMaxReadings);
  CHECK(scan(dir.roots()).size() > 1000);
}

TEST_CASE("sensors: read now and then, repeated in between") {
  test::TempDir dir;
  const auto set = [&](const char* value) {
    dir.write("sys/class/hwmon/hwmon0/temp1_input", value);
  };
  dir.write("sys/class/hwmon/hwmon0/name", "chip\n");
  set("20000\n");
  base::ManualClock clock;
  test::Probe probe;
  Sensors sensors(dir.roots(), SensorsOptions(), clock, std::make_shared<Offload>());
  REQUIRE(tick_until_scanned(probe, sensors));
  CHECK(probe.real("hw.temperature", {{"hw.id", "chip/hwmon0/temp1"}}) == 20);
  set("30000\n");
  clock.advance(std::chrono::seconds(29));
  REQUIRE(probe.tick(sensors));
  CHECK(probe.real("hw.temperature") == 20);
  clock.advance(std::chrono::seconds(1));
  while (probe.real("hw.temperature") == 20)  // the scan runs beside the ticks
    REQUIRE(probe.tick(sensors));
  CHECK(probe.real("hw.temperature") == 30);
}

TEST_CASE("sensors: a scan that hangs stalls nothing; stale values end, and come back") {
  base::ManualClock clock;
  test::Probe probe;
  test::Gate gate;
  hanging_gate = &gate;
  const auto offload = std::make_shared<Offload>();
  Sensors sensors(test::machine("arm-edge"), SensorsOptions(), clock, offload, hanging_scan);
  for (int tick = 0; tick < 9; ++tick) {
    CHECK(probe.tick(sensors));
    CHECK(probe.size() == 0);
    clock.advance(std::chrono::seconds(10));
  }
  clock.advance(std::chrono::seconds(1));
  for (int tick = 0; tick < 3; ++tick)
    CHECK(probe.tick(sensors).error().code == Errc::timeout);
  CHECK(gate.inside() == 1);
  CHECK(offload->threads() == 1);
  gate.open();
  while (!probe.tick(sensors) || probe.size() == 0)
    std::this_thread::yield();
  CHECK(probe.real("hw.temperature") == 61.3);
}

TEST_CASE("sensors: a host without any says so, and is no failure") {
  test::TempDir dir;
  base::ManualClock clock;
  test::Probe probe;
  Sensors sensors(dir.roots(), SensorsOptions(), clock, std::make_shared<Offload>());
  CHECK(tick_until_scanned(probe, sensors).error().code == Errc::absent);
}
