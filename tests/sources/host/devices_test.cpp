// SPDX-License-Identifier: Apache-2.0
#include "sources/host/devices.hpp"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

std::vector<std::string> names(const metric::Sources& sources) {
  std::vector<std::string> out;
  for (const auto& source : sources)
    out.emplace_back(source->name());
  return out;
}

}  // namespace

TEST_CASE("devices: each source can be switched off") {
  const base::ManualClock clock;
  const base::Roots roots = test::machine("arm-edge");
  DeviceOptions options;
  CHECK(names(make_device_sources(roots, options, clock)) ==
        std::vector<std::string>{"disk", "filesystem", "network", "connections", "link", "netstat",
                                 "sensors", "time", "mdraid", "edac", "emmc"});
  options.disk.enabled = options.filesystem.enabled = options.network.enabled = false;
  options.connections.enabled = options.link.enabled = options.netstat.enabled = false;
  options.sensors.enabled = options.mdraid.enabled = options.edac.enabled = false;
  options.emmc.enabled = false;
  CHECK(names(make_device_sources(roots, options, clock)) == std::vector<std::string>{"time"});
  options.time.enabled = false;
  CHECK(make_device_sources(roots, options, clock).empty());
}

TEST_CASE("devices: every machine, several ticks: nothing twice, nothing foreign, clean text") {
  for (const char* name : test::kMachines) {
    CAPTURE(name);
    base::ManualClock clock;
    const auto sources = make_device_sources(test::machine(name), DeviceOptions(), clock);
    test::Probe probe;
    for (int tick = 0; tick < 8; ++tick) {
      clock.advance(std::chrono::seconds(10));
      probe.begin();
      for (const auto& source : sources) {
        const std::size_t before = probe.size();
        const auto result = source->read(probe.batch());
        if (!result) CHECK_FALSE(result.error().message.empty());
        for (const auto& point : probe.batch().points().subspan(before))
          CHECK(metric::def(point.metric).source == source->name());
      }
      CHECK(probe.duplicate() == "");
      for (const auto& point : probe.batch().points()) {
        CAPTURE(metric::def(point.metric).name);
        if (point.is_real) CHECK(std::isfinite(point.real));
        for (std::uint32_t i = 0; i < point.attr_count; ++i) {
          const metric::Attr attr = probe.batch().attr(point, i);
          CHECK_FALSE(attr.text.empty());
          CHECK(text::is_utf8(attr.text));
        }
      }
    }
  }
}

TEST_CASE("devices: every metric of this half of the catalogue comes from some machine") {
  std::set<std::string_view> seen;
  base::ManualClock clock;
  for (const char* name : test::kMachines) {
    const auto sources = make_device_sources(test::machine(name), DeviceOptions(), clock);
    test::Probe probe;
    probe.begin();
    for (const auto& source : sources)
      (void)source->read(probe.batch());
    for (const auto& point : probe.batch().points())
      seen.insert(metric::def(point.metric).name);
  }
  for (const metric::Def& row : metric::kDeviceRows) {
    CAPTURE(row.name);
    CHECK(seen.contains(row.name));
  }
}

TEST_CASE("devices: files cut off anywhere never crash a source") {
  constexpr const char* kFiles[] = {
      "proc/diskstats",   "proc/net/dev",      "proc/net/tcp",
      "proc/net/snmp",    "proc/net/sockstat", "proc/net/softnet_stat",
      "proc/1/mountinfo", "proc/mdstat",       "proc/net/netstat"};
  const base::Roots whole = test::machine("debian12-vm");
  const base::Roots server = test::machine("big-server");
  for (const char* file : kFiles) {
    CAPTURE(file);
    std::string buffer;
    auto body = base::read_file(whole.at(std::string("/") + file), buffer);
    if (!body) body = base::read_file(server.at(std::string("/") + file), buffer);
    REQUIRE(body);
    test::TempDir dir;
    const std::size_t step = std::max<std::size_t>(body->size() / 40, 1);
    for (std::size_t length = 0; length <= body->size(); length += step) {
      dir.write(file, body->substr(0, length));
      const base::ManualClock clock;
      const auto sources = make_device_sources(dir.roots(), DeviceOptions(), clock);
      test::Probe probe;
      probe.begin();
      for (const auto& source : sources)
        (void)source->read(probe.batch());
      CHECK(probe.duplicate() == "");
    }
  }
}

TEST_CASE("devices: a file that grows without end is refused, the other sources go on") {
  test::TempDir dir;
  dir.write("proc/diskstats", std::string(base::kMaxFileBytes + 1, '8'));
  dir.write("proc/net/dev", "h|\nh|\n eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
  const base::ManualClock clock;
  const auto sources = make_device_sources(dir.roots(), DeviceOptions(), clock);
  test::Probe probe;
  probe.begin();
  for (const auto& source : sources) {
    const auto result = source->read(probe.batch());
    if (source->name() == "disk") CHECK(result.error().code == Errc::too_large);
    if (source->name() == "network") CHECK(result.has_value());
  }
  CHECK(probe.count("system.network.io") == 2);
}
