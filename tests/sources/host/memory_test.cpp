// SPDX-License-Identifier: Apache-2.0
#include "sources/host/memory.hpp"

#include <unistd.h>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Memory make(const base::Roots& roots) {
  return {roots, MemoryOptions(), std::make_shared<KernelFiles>(roots)};
}
constexpr const char* kHugeState = "system.memory.linux.hugepages.state";
constexpr std::int64_t kKibi = 1024;

}  // namespace

TEST_CASE("memory: big server: every metric") {
  test::Probe probe;
  Memory memory = make(test::machine("big-server"));
  REQUIRE(probe.tick(memory));
  const auto usage = [&](const char* state) {
    return probe.integer("system.memory.usage", {{"state", state}});
  };
  CHECK(usage("used") == (790000000 - 400000000) * kKibi);
  CHECK(usage("free") == 100000000 * kKibi);
  CHECK(usage("buffered") == 2000000 * kKibi);
  CHECK(usage("cached") == (250000000 + 20000000) * kKibi);
  CHECK(usage("slab_reclaimable") == 20000000 * kKibi);
  CHECK(usage("slab_unreclaimable") == 10000000 * kKibi);
  CHECK(probe.count("system.memory.usage") == 6);
  CHECK(probe.real("system.memory.utilization", {{"state", "used"}}) == 390000000.0 / 790000000.0);
  CHECK(probe.integer("system.memory.limit") == 790000000 * kKibi);
  CHECK(probe.integer("system.memory.page_size") == ::getpagesize());
  CHECK(probe.integer("system.linux.memory.available") == 400000000 * kKibi);
  CHECK(probe.integer("system.linux.memory.dirty") == 1500 * kKibi);
  CHECK(probe.integer("system.memory.linux.shared") == 3000000 * kKibi);
  CHECK(probe.integer("system.memory.linux.hugepages.limit") == 1024);
  CHECK(probe.integer("system.memory.linux.hugepages.page_size") == 2048 * kKibi);
  CHECK(probe.integer("system.memory.linux.hugepages.reserved") == 64);
  CHECK(probe.integer("system.memory.linux.hugepages.surplus") == 2);
  CHECK(probe.integer("system.memory.linux.hugepages.usage", {{kHugeState, "free"}}) == 256);
  CHECK(probe.integer("system.memory.linux.hugepages.usage", {{kHugeState, "used"}}) == 768);
  CHECK(probe.real("system.memory.linux.hugepages.utilization", {{kHugeState, "used"}}) == 0.75);
}

TEST_CASE("memory: no huge pages: use is 0, utilisation is left out") {
  test::Probe probe;
  Memory memory = make(test::machine("arm-edge"));
  REQUIRE(probe.tick(memory));
  CHECK(probe.integer("system.memory.linux.hugepages.usage", {{kHugeState, "used"}}) == 0);
  CHECK(probe.count("system.memory.linux.hugepages.utilization") == 0);
}

TEST_CASE("memory: without MemAvailable use is what free(1) said before") {
  test::TempDir dir;
  dir.write("proc/meminfo",
            "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 200 kB\n"
            "SReclaimable: 30 kB\n");
  test::Probe probe;
  Memory memory = make(dir.roots());
  REQUIRE(probe.tick(memory));
  CHECK(probe.integer("system.memory.usage", {{"state", "used"}}) == 620 * kKibi);
  CHECK_FALSE(probe.find("system.linux.memory.available"));
}

TEST_CASE("memory: numbers that contradict each other do not wrap") {
  test::TempDir dir;
  dir.write("proc/meminfo",
            "MemTotal: 10 kB\nMemFree: 5 kB\nMemAvailable: 20 kB\nHugePages_Total: 4\n"
            "HugePages_Free: 9\n");
  test::Probe probe;
  Memory memory = make(dir.roots());
  REQUIRE(probe.tick(memory));
  CHECK(probe.integer("system.memory.usage", {{"state", "used"}}) == 0);
  CHECK(probe.integer("system.memory.linux.hugepages.usage", {{kHugeState, "used"}}) == 0);
}

TEST_CASE("memory: meminfo line by line") {
  const struct {
    const char* body;
    std::optional<std::uint64_t> total;
    std::size_t faults;
  } rows[] = {
      {"", std::nullopt, 0},
      {"MemTotal:       24683656 kB\n", 24683656ULL * 1024, 0},
      {"MemTotal: 1 kB", 1024, 0},
      {"MemTotal: 1 MB\n", std::nullopt, 1},
      {"MemTotal: 1\n", std::nullopt, 1},
      {"MemTotal: 1 k", std::nullopt, 1},
      {"MemTotal: -1 kB\n", std::nullopt, 1},
      {"MemTotal: 18446744073709551615 kB\n", std::nullopt, 1},
      {"MemTotal 1 kB\n", std::nullopt, 1},
      {"Unknown: 1 kB\nMemTotal: 2 kB\n", 2048, 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    Meminfo info;
    parse_meminfo(row.body, info);
    CHECK(info.total == row.total);
    CHECK(info.faults.count() == row.faults);
  }
}

TEST_CASE("memory: hostile tree: what is good is delivered") {
  test::Probe probe;
  Memory memory = make(test::machine("hostile"));
  const auto result = probe.tick(memory);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::malformed);
  CHECK(probe.integer("system.memory.usage", {{"state", "cached"}}) == 77 * kKibi);
  CHECK_FALSE(probe.find("system.memory.usage", {{"state", "used"}}));
  CHECK(probe.count("system.memory.utilization") == 0);
}

TEST_CASE("memory: a missing file is absent") {
  test::TempDir dir;
  test::Probe probe;
  Memory memory = make(dir.roots());
  CHECK(probe.tick(memory).error().code == Errc::absent);
}
