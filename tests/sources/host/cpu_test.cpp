// SPDX-License-Identifier: Apache-2.0
#include "sources/host/cpu.hpp"

#include <numeric>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

struct Tree {
  test::TempDir dir;
  test::Probe probe;
  std::unique_ptr<Cpu> cpu;

  Result<void> tick(std::string_view stat) {
    dir.write("proc/stat", stat);
    if (!cpu)
      cpu = std::make_unique<Cpu>(dir.roots(), CpuOptions(),
                                  std::make_shared<KernelFiles>(dir.roots()));
    return probe.tick(*cpu);
  }
  std::optional<double> time(const char* name, const char* state) {
    return probe.real("system.cpu.time", {{"cpu", name}, {"state", state}});
  }
  std::optional<double> share(const char* name, const char* state) {
    return probe.real("system.cpu.utilization", {{"cpu", name}, {"state", state}});
  }
};

Cpu make(const base::Roots& roots) {
  return {roots, CpuOptions(), std::make_shared<KernelFiles>(roots)};
}

}  // namespace

TEST_CASE("cpu: big server: ticks become seconds, guest time stays inside user") {
  test::Probe probe;
  Cpu cpu = make(test::machine("big-server"));
  REQUIRE(probe.tick(cpu));
  const auto time = [&](const char* state) {
    return probe.real("system.cpu.time", {{"cpu", "cpu0"}, {"state", state}});
  };
  CHECK(time("user") == 10.0);
  CHECK(time("nice") == 2.0);
  CHECK(time("system") == 3.0);
  CHECK(time("idle") == 500.0);
  CHECK(time("wait") == 0.4);
  CHECK(time("interrupt") == 0.05);
  CHECK(time("softirq") == 0.6);
  CHECK(time("steal") == 0.07);
  CHECK(probe.count("system.cpu.time") == 64 * 8);
  CHECK(probe.count("system.cpu.utilization") == 0);  // nothing to compare with yet
  CHECK(probe.integer("system.cpu.logical.count") == 64);
  CHECK(probe.integer("system.cpu.physical.count") == 32);
  CHECK(probe.real("system.cpu.frequency", {{"cpu", "cpu63"}}) == 2963.125e6);
  CHECK(probe.find("system.cpu.time")->start == test::Probe::kBoot);
}

TEST_CASE("cpu: ARM board: an offline CPU, no MHz in cpuinfo") {
  test::Probe probe;
  Cpu cpu = make(test::machine("arm-edge"));
  REQUIRE(probe.tick(cpu));
  CHECK(probe.count("system.cpu.time") == 3 * 8);
  CHECK_FALSE(probe.find("system.cpu.time", {{"cpu", "cpu2"}}));
  CHECK(probe.integer("system.cpu.logical.count") == 3);
  CHECK(probe.integer("system.cpu.physical.count") == 3);
  CHECK(probe.real("system.cpu.frequency", {{"cpu", "cpu3"}}) == 729603e3);
  CHECK(probe.count("system.cpu.frequency") == 3);
}

TEST_CASE("cpu: without sysfs the cores come from cpuinfo") {
  test::TempDir dir;
  dir.write("proc/stat", "cpu0 1 2 3 4 5 6 7 8\ncpu1 1 2 3 4 5 6 7 8\n");
  dir.write("proc/cpuinfo",
            "processor : 0\nphysical id : 0\ncpu cores : 4\n\nprocessor : 1\nphysical id : 0\n"
            "cpu cores : 4\n\nprocessor : 2\nphysical id : 1\ncpu cores : 6\n");
  test::Probe probe;
  Cpu cpu = make(dir.roots());
  REQUIRE(probe.tick(cpu));
  CHECK(probe.integer("system.cpu.physical.count") == 10);
  CHECK(probe.count("system.cpu.frequency") == 0);
}

TEST_CASE("cpu: utilisation is the share of the time between two ticks") {
  Tree tree;
  //               user nice sys idle wait irq soft steal guest guest_nice
  REQUIRE(tree.tick("cpu0 1000 0 100 5000 10 0 0 0 900 0\n"));
  REQUIRE(tree.tick("cpu0 1300 0 150 5600 60 0 0 0 1200 0\n"));
  CHECK(tree.share("cpu0", "user") == 0.3);  // 300 of 1000, guest not counted twice
  CHECK(tree.share("cpu0", "system") == 0.05);
  CHECK(tree.share("cpu0", "idle") == 0.6);
  CHECK(tree.share("cpu0", "wait") == 0.05);
  REQUIRE(tree.tick("cpu0 1300 0 150 5600 60 0 0 0 1200 0\n"));
  CHECK_FALSE(tree.share("cpu0", "user"));  // no time passed
}

TEST_CASE("cpu: iowait, idle and steal never jitter downwards") {
  Tree tree;
  REQUIRE(tree.tick("cpu0 100 0 0 5000 500 0 0 70\n"));
  REQUIRE(tree.tick("cpu0 110 0 0 4990 480 0 0 60\n"));
  CHECK(tree.time("cpu0", "wait") == 5.0);
  CHECK(tree.time("cpu0", "idle") == 50.0);
  CHECK(tree.time("cpu0", "steal") == 0.7);
  CHECK(tree.share("cpu0", "user") == 1.0);
  REQUIRE(tree.tick("cpu0 120 0 0 5010 499 0 0 70\n"));
  CHECK(tree.time("cpu0", "wait") == 5.0);
  REQUIRE(tree.tick("cpu0 130 0 0 5020 510 0 0 71\n"));
  CHECK(tree.time("cpu0", "wait") == 5.1);
}

TEST_CASE("cpu: a CPU that comes back with new idle accounting is a reset, not jitter") {
  Tree tree;
  REQUIRE(tree.tick("cpu0 100 0 0 500000 500 0 0 70\n"));
  REQUIRE(tree.tick("cpu0 110 0 0 20 3 0 0 70\n"));
  CHECK(tree.time("cpu0", "idle") == 0.2);
  CHECK(tree.time("cpu0", "wait") == 0.03);
  CHECK_FALSE(tree.share("cpu0", "user"));
}

TEST_CASE("cpu: going offline and coming back") {
  Tree tree;
  REQUIRE(tree.tick("cpu0 1 0 0 10 0 0 0 0\ncpu1 5 0 0 10 0 0 0 0\n"));
  REQUIRE(tree.tick("cpu0 2 0 0 10 0 0 0 0\n"));
  CHECK_FALSE(tree.time("cpu1", "user"));
  CHECK(tree.probe.integer("system.cpu.logical.count") == 1);
  REQUIRE(tree.tick("cpu0 3 0 0 10 0 0 0 0\ncpu1 5 0 0 11 0 0 0 0\n"));
  CHECK(tree.time("cpu1", "idle") == 0.11);
}

TEST_CASE("cpu: hostile tree: the good CPUs are delivered, the bad lines reported") {
  test::Probe probe;
  Cpu cpu = make(test::machine("hostile"));
  const auto result = probe.tick(cpu);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::malformed);
  CHECK(probe.real("system.cpu.time", {{"cpu", "cpu0"}, {"state", "user"}}) == 0.01);
  CHECK(probe.count("system.cpu.time") == 16);  // cpu0 and cpu3
  CHECK(probe.duplicate().empty());
}

TEST_CASE("cpu: a missing file is absent, an empty one malformed") {
  test::TempDir dir;
  test::Probe probe;
  Cpu none = make(dir.roots());
  CHECK(probe.tick(none).error().code == Errc::absent);
  dir.write("proc/stat", "");
  CHECK(probe.tick(none).error().code == Errc::malformed);  // opened anew after the failure
  CHECK(probe.size() == 0);
  dir.write("proc/stat", std::string(9 * 1024 * 1024, 'x'));
  CHECK(probe.tick(none).error().code == Errc::too_large);
}

TEST_CASE("cpu: shares add up to one") {
  std::array<double, kCpuColumns> shares{};
  CHECK(cpu_shares({}, {7, 1, 2, 3, 4, 5, 6, 9}, shares));
  CHECK(std::accumulate(shares.begin(), shares.end(), 0.0) == doctest::Approx(1));
  CHECK_FALSE(cpu_shares({1}, {0, 5}, shares));
  CHECK_FALSE(cpu_shares({1}, {1}, shares));
}
