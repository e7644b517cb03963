// SPDX-License-Identifier: Apache-2.0
#include "sources/host/paging.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Paging make(const base::Roots& roots) {
  return {roots, PagingOptions(), std::make_shared<KernelFiles>(roots)};
}
constexpr std::int64_t kKibi = 1024;

}  // namespace

TEST_CASE("paging: big server: plain kernel counters, not multiplied by the page size") {
  test::Probe probe;
  Paging paging = make(test::machine("big-server"));
  REQUIRE(probe.tick(paging));
  const auto operations = [&](const char* direction, const char* type) {
    return probe.integer("system.paging.operations", {{"direction", direction}, {"type", type}});
  };
  CHECK(operations("page_in", "major") == 3003);
  CHECK(operations("page_out", "major") == 4004);
  CHECK(operations("page_in", "minor") == 5000000001);
  CHECK(operations("page_out", "minor") == 6000000002);
  CHECK(probe.integer("system.paging.faults", {{"type", "major"}}) == 70007);
  CHECK(probe.integer("system.paging.faults", {{"type", "minor"}}) == 90000000000 - 70007);
  CHECK(probe.integer("system.paging.usage", {{"device", "/dev/md1"}, {"state", "used"}}) ==
        388604 * kKibi);
  CHECK(probe.integer("system.paging.usage", {{"device", "/dev/md1"}, {"state", "free"}}) ==
        8000000 * kKibi);
  CHECK(probe.real("system.paging.utilization", {{"device", "/dev/md1"}, {"state", "used"}}) ==
        388604.0 / 8388604);
  CHECK(probe.integer("system.paging.usage", {{"device", "/var/swap file"}, {"state", "used"}}) ==
        0);
}

TEST_CASE("paging: a host without swap has its counters and no usage") {
  test::Probe probe;
  Paging paging = make(test::machine("debian12-vm"));
  REQUIRE(probe.tick(paging));
  CHECK(probe.count("system.paging.usage") == 0);
  CHECK(probe.count("system.paging.operations") == 4);
  CHECK(probe.count("system.paging.faults") == 2);
}

TEST_CASE("paging: a kernel without swap support") {
  test::TempDir dir;
  dir.write("proc/vmstat", "pgpgin 1\npgpgout 2\npgfault 30\npgmajfault 4\n");
  test::Probe probe;
  Paging paging = make(dir.roots());
  CHECK(probe.tick(paging));
  CHECK(probe.count("system.paging.operations") == 2);
}

TEST_CASE("paging: minor faults do not dip when major ones are counted ahead of the sum") {
  test::TempDir dir;
  test::Probe probe;
  Paging paging = make(dir.roots());
  const auto minor = [&](const char* vmstat) {
    dir.write("proc/vmstat", vmstat);
    CHECK(probe.tick(paging));
    return probe.integer("system.paging.faults", {{"type", "minor"}});
  };
  CHECK(minor("pgfault 100\npgmajfault 10\n") == 90);
  CHECK(minor("pgfault 100\npgmajfault 12\n") == 90);
  CHECK(minor("pgfault 120\npgmajfault 12\n") == 108);
  CHECK(minor("pgfault 5\npgmajfault 1\n") == 4);  // a true reset
}

TEST_CASE("paging: swaps line by line") {
  const struct {
    const char* line;
    std::size_t areas;
    std::size_t faults;
  } rows[] = {
      {"/dev/sda2\tpartition\t100\t40\t-2", 1, 0},
      {"/dev/sda2 partition 100 100", 1, 0},
      {"/dev/sda2 partition 0 0 -2", 1, 0},
      {"", 0, 1},
      {"/dev/sda2 partition", 0, 1},
      {"/dev/sda2 partition 100 101 -2", 0, 1},
      {"/dev/sda2 partition x 1 -2", 0, 1},
      {"/dev/sda2 partition 18446744073709551615 0 -2", 0, 1},
      {"/a file 1 1 1\n/a file 1 1 1", 1, 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    std::vector<SwapArea> areas;
    Faults faults;
    parse_swaps(std::string("Filename Type\n") + row.line + "\n", areas, faults);
    CHECK(areas.size() == row.areas);
    CHECK(faults.count() == row.faults);
  }
  std::vector<SwapArea> areas;
  Faults faults;
  std::string many = "Filename\n";
  for (int i = 0; i < 200; ++i)
    many += "/swap" + std::to_string(i) + " file 1 0 0\n";
  parse_swaps(many, areas, faults);
  CHECK(areas.size() == 64);
  CHECK(faults.count() == 136);
}

TEST_CASE("paging: hostile tree") {
  test::Probe probe;
  Paging paging = make(test::machine("hostile"));
  CHECK(probe.tick(paging).error().code == Errc::malformed);
  CHECK(probe.integer("system.paging.usage", {{"device", "/dev/sda4"}, {"state", "used"}}) ==
        50 * kKibi);
  CHECK(probe.integer("system.paging.faults", {{"type", "minor"}}) == 0);
  CHECK(probe.duplicate().empty());
}

TEST_CASE("paging: missing files are absent") {
  test::TempDir dir;
  test::Probe probe;
  Paging paging = make(dir.roots());
  CHECK(probe.tick(paging).error().code == Errc::absent);
}
