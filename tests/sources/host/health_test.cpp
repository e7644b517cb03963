// SPDX-License-Identifier: Apache-2.0
// Memory errors, eMMC wear and links: small sources over sysfs.
#include <doctest/doctest.h>

#include "sources/host/edac.hpp"
#include "sources/host/emmc.hpp"
#include "sources/host/link.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

TEST_CASE("edac: errors per module, and those that no module owns") {
  base::ManualClock clock;
  test::Probe probe;
  Edac edac(test::machine("big-server"), EdacOptions(), clock);
  REQUIRE(probe.tick(edac));
  CHECK(probe.size() == 2 * (4 + 1) * 2);
  const auto errors = [&](const char* id, const char* type) {
    return probe.integer("hw.errors", {{"hw.id", id}, {"hw.type", "memory"}, {"error.type", type}});
  };
  CHECK(errors("mc1/dimm2", "correctable") == 17);
  CHECK(errors("mc1/dimm2", "uncorrectable") == 1);
  CHECK(errors("mc1", "correctable") == 2);
  CHECK(errors("mc0/dimm0", "correctable") == 0);
  CHECK(probe.find("hw.errors", {{"hw.id", "mc1/dimm2"}, {"hw.name", "CPU1_DIMM_C1"}}) != nullptr);
  CHECK(probe.duplicate() == "");
}

TEST_CASE("edac: an old driver counts by controller only; read now and then") {
  test::TempDir dir;
  const auto set = [&](const char* value) {
    dir.write("sys/devices/system/edac/mc/mc0/ce_count", value);
  };
  dir.write("sys/devices/system/edac/mc/mc0/ue_count", "0\n");
  dir.write("sys/devices/system/edac/mc/mc0/ce_noinfo_count", "1\n");
  set("3\n");
  base::ManualClock clock;
  test::Probe probe;
  Edac edac(dir.roots(), EdacOptions(), clock);
  const auto correctable = [&] {
    CHECK(probe.tick(edac));
    return probe.integer("hw.errors", {{"hw.id", "mc0"}, {"error.type", "correctable"}});
  };
  CHECK(correctable() == 3);
  set("4\n");
  clock.advance(std::chrono::seconds(29));
  CHECK(correctable() == 3);
  clock.advance(std::chrono::seconds(1));
  CHECK(correctable() == 4);
  dir.remove("sys/devices/system/edac");
  clock.advance(std::chrono::seconds(30));
  CHECK(probe.tick(edac).error().code == Errc::absent);
}

TEST_CASE("emmc: life times as the standard has them") {
  struct Row {
    std::string_view field;
    double remaining;  // negative: none
  };
  const Row rows[] = {{"0x01", 0.9}, {"0x02", 0.8}, {"0x0a", 0},  {"0x0b", 0},
                      {"0x0B", 0},   {"0x00", -1},  {"0x0c", -1}, {"0xff", -1},
                      {"0x", -1},    {"1", -1},     {"", -1},     {"0x1g", -1}};
  for (const Row& row : rows) {
    CAPTURE(row.field);
    CHECK(parse_life_time(row.field).value_or(-1) == doctest::Approx(row.remaining));
  }
}

TEST_CASE("emmc: a worn device, a card, hostile text") {
  base::ManualClock clock;
  test::Probe probe;
  Emmc emmc(test::machine("arm-edge"), EmmcOptions(), clock);
  REQUIRE(probe.tick(emmc));
  CHECK(probe.size() == 3);
  const metric::Attr device("hw.id", "mmcblk0");
  CHECK(probe.real("hw.physical_disk.endurance_utilization",
                   {device, {"type", "a"}, {"hw.physical_disk.state", "remaining"}}) == 0.7);
  CHECK(probe.real("hw.physical_disk.endurance_utilization", {device, {"type", "b"}}) == 0.9);
  CHECK(probe.integer("hw.physical_disk.pre_eol", {device}) == 1);
  for (const char* name : {"hostile", "debian12-vm"}) {
    Emmc none(test::machine(name), EmmcOptions(), clock);
    CHECK(probe.tick(none).error().code == Errc::absent);
  }
}

TEST_CASE("link: bonds and their members; a member that the bond gave up on is down") {
  test::Probe probe;
  Link link(test::machine("big-server"), LinkOptions());
  REQUIRE(probe.tick(link));
  CHECK(probe.size() == 3 * 3);
  CHECK(probe.integer("hw.network.up", {{"hw.id", "bond0"}}) == 1);
  CHECK(probe.integer("hw.network.up", {{"hw.id", "eno1"}, {"hw.parent", "bond0"}}) == 1);
  CHECK(probe.integer("hw.network.up", {{"hw.id", "eno2"}, {"hw.parent", "bond0"}}) == 0);
  CHECK(probe.integer("hw.network.bandwidth.limit", {{"hw.id", "eno1"}}) == 3125000000);
  CHECK(probe.integer("system.network.carrier_changes", {{"device", "eno2"}}) == 9);
}

TEST_CASE("link: no speed while down or virtual, filters, nonsense") {
  test::Probe probe;
  Link vm(test::machine("debian12-vm"), LinkOptions());
  REQUIRE(probe.tick(vm));
  CHECK(probe.size() == 2);  // up and changes: the speed is -1, lo is no hardware
  Link edge(test::machine("arm-edge"), LinkOptions());
  REQUIRE(probe.tick(edge));
  CHECK(probe.integer("hw.network.up", {{"hw.id", "wlan0"}}) == 0);
  CHECK(probe.count("hw.network.bandwidth.limit") == 1);
  LinkOptions options;
  options.include = {"wlan*"};
  Link wireless(test::machine("arm-edge"), options);
  REQUIRE(probe.tick(wireless));
  CHECK(probe.count("hw.network.up") == 1);
  Link hostile(test::machine("hostile"), LinkOptions());
  REQUIRE(probe.tick(hostile));
  CHECK(probe.integer("hw.network.up", {{"hw.id", "eth0"}}) == 0);
  CHECK(probe.size() == 1);
}

TEST_CASE("link: interfaces that come are found within some ticks") {
  test::TempDir dir;
  const auto plug = [&](const std::string& name) {
    dir.write("sys/class/net/" + name + "/operstate", "up\n");
    dir.write("sys/class/net/" + name + "/device/uevent", "");
  };
  test::Probe probe;
  Link link(dir.roots(), LinkOptions());
  CHECK(probe.tick(link).error().code == Errc::absent);
  plug("eth0");
  int ticks = 0;
  while (!probe.tick(link) && ++ticks < 10) {
  }
  CHECK(ticks < 10);
  CHECK(probe.count("hw.network.up") == 1);
}
