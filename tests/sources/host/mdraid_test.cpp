// SPDX-License-Identifier: Apache-2.0
#include "sources/host/mdraid.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

TEST_CASE("mdstat: arrays in every state") {
  struct Row {
    std::string_view body;
    RaidState state;
    std::uint64_t required, active, failed, spare;
    std::string_view action;
    double progress;
  };
  using enum RaidState;
  const Row rows[] = {
      {"md0 : active raid1 a[1] b[0]\n 10 blocks super 1.2 [2/2] [UU]\n", ok, 2, 2, 0, 0, "", 0},
      {"md0 : active (auto-read-only) raid1 a[1] b[0]\n 10 blocks [2/2] [UU]\n  resync=PENDING\n",
       ok, 2, 2, 0, 0, "resync", 0},
      {"md0 : active raid1 a[1](F) b[0]\n 10 blocks [2/1] [U_]\n", degraded, 2, 1, 1, 0, "", 0},
      {"md0 : active raid1 a[1](F) b[0](F)\n 10 blocks [2/0] [__]\n", failed, 2, 0, 2, 0, "", 0},
      {"md0 : active raid5 a[3] b[1] c[0](W)\n 10 blocks level 5, 512k chunk, algorithm 2 [3/2]"
       " [UU_]\n [=>...]  recovery =  8.5% (8/10) finish=0.7min speed=2K/sec\n",
       degraded, 3, 2, 0, 0, "recovery", 0.085},
      {"md0 : active raid5 a[0]\n 10 blocks [3/1] [U__]\n", failed, 3, 1, 0, 0, "", 0},
      {"md0 : active raid6 a[0] b[1]\n 10 blocks [4/2] [UU__]\n", degraded, 4, 2, 0, 0, "", 0},
      {"md0 : active raid6 a[0]\n 10 blocks [4/1] [U___]\n", failed, 4, 1, 0, 0, "", 0},
      {"md0 : active raid10 a[0] b[2]\n 10 blocks [4/2] [U_U_]\n", degraded, 4, 2, 0, 0, "", 0},
      {"md0 : active raid0 a[0] b[1]\n 10 blocks super 1.2 512k chunks\n", ok, 2, 2, 0, 0, "", 0},
      {"md0 : broken raid0 a[0] b[1]\n 10 blocks super 1.2 512k chunks\n", failed, 2, 2, 0, 0, "",
       0},
      {"md0 : inactive a[0](S) b[1](S)\n 10 blocks super 1.2\n", failed, 0, 0, 0, 2, "", 0},
      {"md0 : active raid1 a[0] b[1] j[2](J)\n 10 blocks [2/2] [UU]\n [==>.] check = 50.0% "
       "(5/10)\n",
       ok, 2, 2, 0, 0, "check", 0.5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Faults faults;
    const auto arrays = parse_mdstat(row.body, faults);
    CHECK(faults.count() == 0);
    REQUIRE(arrays.size() == 1);
    CHECK(arrays[0].name == "md0");
    CHECK(arrays[0].state() == row.state);
    CHECK(arrays[0].required == row.required);
    CHECK(arrays[0].active == row.active);
    CHECK(arrays[0].failed == row.failed);
    CHECK(arrays[0].spare == row.spare);
    CHECK(arrays[0].action == row.action);
    CHECK(arrays[0].progress == doctest::Approx(row.progress));
  }
}

TEST_CASE("mdstat: containers of firmware RAID are no arrays") {
  Faults faults;
  CHECK(parse_mdstat("md127 : inactive sdb[1](S) sda[0](S)\n      6306 blocks super external:imsm\n"
                     "       \nunused devices: <none>\n",
                     faults)
            .empty());
  CHECK(faults.count() == 0);
}

TEST_CASE("mdraid: a server with a whole and a degraded array") {
  test::Probe probe;
  Mdraid mdraid(test::machine("big-server"), MdraidOptions());
  REQUIRE(probe.tick(mdraid));
  CHECK(probe.size() == 2 * 7 + 1);
  const auto status = [&](const char* array, const char* state) {
    return probe.integer("hw.status",
                         {{"hw.id", array}, {"hw.type", "logical_disk"}, {"hw.state", state}});
  };
  CHECK(status("md0", "ok") == 1);
  CHECK(status("md0", "degraded") == 0);
  CHECK(status("md1", "ok") == 0);
  CHECK(status("md1", "degraded") == 1);
  CHECK(status("md1", "failed") == 0);
  const metric::Attr md1("device", "md1");
  CHECK(probe.integer("system.linux.mdraid.disks", {md1, {"state", "active"}}) == 3);
  CHECK(probe.integer("system.linux.mdraid.disks", {md1, {"state", "failed"}}) == 1);
  CHECK(probe.integer("system.linux.mdraid.disks", {md1, {"state", "spare"}}) == 1);
  CHECK(probe.integer("system.linux.mdraid.disks.required", {md1}) == 4);
  CHECK(probe.real("system.linux.mdraid.sync.progress", {md1, {"action", "recovery"}}) ==
        doctest::Approx(0.126));
  CHECK(probe.find("hw.status", {{"hw.id", "md1"}, {"hw.logical_disk.raid_level", "raid5"}}) !=
        nullptr);
}

TEST_CASE("mdraid: filters, no md driver, hostile text") {
  test::Probe probe;
  MdraidOptions options;
  options.exclude = {"md1"};
  Mdraid some(test::machine("big-server"), options);
  REQUIRE(probe.tick(some));
  CHECK(probe.size() == 7);
  Mdraid none(test::machine("arm-edge"), MdraidOptions());
  CHECK(probe.tick(none).error().code == Errc::absent);
  Mdraid hostile(test::machine("hostile"), MdraidOptions());
  CHECK(probe.tick(hostile).error().code == Errc::malformed);
  CHECK(probe.duplicate() == "");
}
