// SPDX-License-Identifier: Apache-2.0
#include "sources/host/disk.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

std::string line(std::string_view name, std::uint64_t operations, std::uint64_t ms) {
  return fmt::format("8 0 {} {} 0 {} {} 0 0 0 0 0 {} {}\n", name, operations, operations * 8, ms,
                     ms, ms);
}

}  // namespace

TEST_CASE("diskstats: lines that are whole, old or broken") {
  struct Row {
    std::string_view line;
    bool is_whole;
    std::uint64_t weighted_ms;
  };
  const Row rows[] = {
      {"   8       0 sda 1 2 3 4 5 6 7 8 9 10 11", true, 11},
      {"8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", true, 11},
      {"8 0 sda 1 2 3 4 5 6 7 8 9 10 18446744073709551615", true, UINT64_MAX},
      {"8 0 sda 1 2 3 4 5 6 7 8 9 10", false, 0},
      {"8 1 sda1 1 2 3 4", false, 0},
      {"8 0 sda 1 2 3 4 5 6 7 8 9 10 11kB", false, 0},
      {"8 0 sda -1 2 3 4 5 6 7 8 9 10 11", false, 0},
      {"8 0 sda 99999999999999999999 2 3 4 5 6 7 8 9 10 11", false, 0},
      {"8 0", false, 0},
      {"", false, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const auto stats = parse_diskstats_line(row.line);
    REQUIRE(stats.has_value() == row.is_whole);
    if (stats) CHECK(stats->weighted_ms == row.weighted_ms);
  }
}

TEST_CASE("disk: a virtual machine: disk and partitions, no loop, zram or unused devices") {
  test::Probe probe;
  Disk disk(test::machine("debian12-vm"), DiskOptions());
  REQUIRE(probe.tick(disk));
  CHECK(probe.size() == 3 * 11);
  const metric::Attr vda("device", "vda");
  CHECK(probe.integer("system.disk.io", {vda, {"direction", "read"}}) == 3135498 * 512);
  CHECK(probe.integer("system.disk.io", {vda, {"direction", "write"}}) == 4435360L * 512);
  CHECK(probe.integer("system.disk.operations", {vda, {"direction", "read"}}) == 62170);
  CHECK(probe.integer("system.disk.operations", {vda, {"direction", "write"}}) == 32269);
  CHECK(probe.integer("system.disk.merged", {vda, {"direction", "read"}}) == 10749);
  CHECK(probe.integer("system.disk.merged", {vda, {"direction", "write"}}) == 44609);
  CHECK(probe.real("system.disk.operation_time", {vda, {"direction", "read"}}) == 11.454);
  CHECK(probe.real("system.disk.operation_time", {vda, {"direction", "write"}}) == 27.217);
  CHECK(probe.real("system.disk.io_time", {vda}) == 9.684);
  CHECK(probe.real("system.disk.weighted_io_time", {vda}) == 40.7);
  CHECK(probe.integer("system.disk.pending_operations", {vda}) == 1);
  CHECK(probe.find("system.disk.io", {{"device", "vda15"}}) != nullptr);
  CHECK(probe.find("system.disk.io", {{"device", "loop0"}}) == nullptr);
  CHECK(probe.find("system.disk.io", {{"device", "zram0"}}) == nullptr);
}

TEST_CASE("disk: an old kernel's short lines, a large server's many") {
  test::Probe probe;
  Disk edge(test::machine("arm-edge"), DiskOptions());
  REQUIRE(probe.tick(edge));
  CHECK(probe.real("system.disk.weighted_io_time", {{"device", "mmcblk0"}}) == 4294967.29);
  CHECK(probe.find("system.disk.io", {{"device", "ram0"}}) == nullptr);
  Disk server(test::machine("big-server"), DiskOptions());
  REQUIRE(probe.tick(server));
  CHECK(probe.count("system.disk.io_time") == 4 * 3 + 2 + 1);
}

TEST_CASE("disk: names are filtered by globs") {
  test::Probe probe;
  DiskOptions options;
  options.include = {"nvme*", "md0"};
  options.exclude = {"nvme*p[0-9]"};
  Disk disk(test::machine("big-server"), options);
  REQUIRE(probe.tick(disk));
  CHECK(probe.count("system.disk.io_time") == 5);
}

TEST_CASE("disk: milliseconds go on past 32 bits, again and again") {
  test::TempDir dir;
  test::Probe probe;
  Disk disk(dir.roots(), DiskOptions());
  struct Row {
    std::uint64_t operations;
    std::uint64_t ms;
    double seconds;
  };
  const Row rows[] = {
      {10, 4294967000, 4294967.0},   {11, 704, 4294968.0}, {12, 2000000000, 6294967.296},
      {13, 4000000000, 8294967.296}, {14, 1, 8589934.593}, {14, 0, 8589934.593},
      {15, 5, 8589934.597},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ms);
    dir.write("proc/diskstats", line("sda", row.operations, row.ms));
    REQUIRE(probe.tick(disk));
    CHECK(probe.real("system.disk.io_time", {{"device", "sda"}}).value_or(0) ==
          doctest::Approx(row.seconds).epsilon(1e-12));
  }
}

TEST_CASE("disk: another disk under the same name begins anew, and one that was away") {
  test::TempDir dir;
  test::Probe probe;
  Disk disk(dir.roots(), DiskOptions());
  dir.write("proc/diskstats", line("sda", 100, 4000000000));
  REQUIRE(probe.tick(disk));
  dir.write("proc/diskstats", line("sda", 5, 300));
  REQUIRE(probe.tick(disk));
  CHECK(probe.real("system.disk.io_time") == 0.3);
  dir.write("proc/diskstats", line("sda", 50, 4000000000));
  REQUIRE(probe.tick(disk));
  dir.write("proc/diskstats", line("sdb", 1, 1));
  REQUIRE(probe.tick(disk));
  dir.write("proc/diskstats", line("sda", 60, 7000));
  REQUIRE(probe.tick(disk));
  CHECK(probe.real("system.disk.io_time") == 7.0);
}

TEST_CASE("disk: hostile lines are counted and left out, the rest is delivered once") {
  test::Probe probe;
  Disk disk(test::machine("hostile"), DiskOptions());
  const auto result = probe.tick(disk);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::malformed);
  CHECK(probe.duplicate() == "");
  CHECK(probe.integer("system.disk.operations", {{"device", "sda"}, {"direction", "read"}}) == 1);
  CHECK(probe.integer("system.disk.operations", {{"device", "sde"}, {"direction", "read"}}) ==
        INT64_MAX);
  for (const char* broken : {"sdb", "sdc", "sdd", "sdf"}) {
    CAPTURE(broken);
    CHECK(probe.find("system.disk.io", {{"device", broken}}) == nullptr);
  }
}

TEST_CASE("disk: a host without the file, and a crowd of devices") {
  test::TempDir dir;
  test::Probe probe;
  Disk disk(dir.roots(), DiskOptions());
  CHECK(probe.tick(disk).error().code == Errc::absent);
  std::string many;
  for (int i = 0; i < 5000; ++i)
    many += line("disk" + std::to_string(i), 1, 1);
  dir.write("proc/diskstats", many);
  const auto result = probe.tick(disk);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::too_large);
  CHECK(probe.count("system.disk.io_time") == 4096);
}
