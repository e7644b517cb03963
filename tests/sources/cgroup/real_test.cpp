// SPDX-License-Identifier: Apache-2.0
// Cgroups of this machine's kernel, made here, with loads in them that are known. Where the machine
// does not allow it (no root, a hierarchy that is not mounted) the part is left out and says so.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <string>

#include <doctest/doctest.h>

#include "sources/cgroup/real_tree.hpp"
#include "sources/cgroup/ticks.hpp"

using namespace edgehaul;
using test::Load;
using test::RealTree;
using test::Ticks;

namespace {

constexpr double kMiB = 1024 * 1024;
const std::string kId(64, 'c');
const std::string kContainer = "/docker-" + kId + ".scope";

cgroup::Options below(const RealTree& tree) {
  cgroup::Options options;
  options.include = {tree.path("") + "/*"};
  return options;
}

bool is_left_out(const RealTree& tree, const char* what) {
  if (tree.is_usable()) return false;
  MESSAGE("left out, no such cgroups here: ", what);
  return true;
}

// Real cgroups have real times: the batch of the probe begins in the past.
struct Real : Ticks {
  explicit Real(const RealTree& tree, const cgroup::Options& options)
      : Ticks(tree.roots(), options) {}
  explicit Real(const RealTree& tree) : Real(tree, below(tree)) {}
  base::UnixNanos start(std::string_view path) {
    const auto* point = find_path(path, "linux.cgroup.cpu.time");
    return point == nullptr ? 0 : point->start;
  }
  Result<void> live() {
    const base::SystemClock system;
    clock.advance(std::chrono::seconds(10));
    static const metric::Selection selection;
    probe.batch().begin(system.wall(), system.wall() - system.since_boot().count(), selection);
    return source.read(probe.batch());
  }
};

void cpu_time_matches(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/busy.service"));
  REQUIRE(tree.make("/idle.service"));
  REQUIRE(tree.make(kContainer));
  Real ticks(tree);
  const Load unit(tree, "/busy.service", [] { test::burn_cpu(0.3); });
  const Load container(tree, kContainer, [] { test::burn_cpu(0.2); });
  REQUIRE(unit.has_joined);
  REQUIRE(ticks.next());
  const auto busy = ticks.of_path("busy.service", "linux.cgroup.cpu.time");
  const auto boxed = ticks.of_container(kId, "container.cpu.time");
  REQUIRE(busy);
  REQUIRE(boxed);
  // The child's own account holds a little from before it joined, the cgroup's some from after.
  CHECK(*busy == doctest::Approx(unit.cpu_seconds).epsilon(0.15));
  CHECK(*boxed == doctest::Approx(container.cpu_seconds).epsilon(0.15));
  CHECK(ticks.of_path("idle.service", "linux.cgroup.cpu.time") == 0);
}

void restart_is_another(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/a.service"));
  Real ticks(tree);
  {
    const Load load(tree, "/a.service", [] { test::burn_cpu(0.05); });
    REQUIRE(ticks.live());
  }
  const auto first = ticks.start("a.service");
  CHECK(first > 0);
  CHECK(ticks.of_path("a.service", "linux.cgroup.cpu.time") > 0.02);
  REQUIRE(ticks.live());
  CHECK(ticks.start("a.service") == first);
  tree.remove("/a.service");
  REQUIRE(tree.make("/a.service"));
  // Nothing but the inode tells them apart: one went while another came.
  for (int tick = 0; tick < 2; ++tick)
    REQUIRE(ticks.live());
  CHECK(ticks.start("a.service") > first);
  CHECK(ticks.of_path("a.service", "linux.cgroup.cpu.time") == 0);
  tree.remove("/a.service");
  for (int tick = 0; tick < 2; ++tick)
    REQUIRE(ticks.live());
  CHECK(ticks.paths().empty());
}

void churn_is_followed(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  Real ticks(tree);
  constexpr int kAlive = 20;
  const auto name = [](int i) { return "/s" + std::to_string(i) + ".service"; };
  for (int i = 0; i < kAlive; ++i)
    REQUIRE(tree.make(name(i)));
  for (int round = 0; round < 12; ++round) {
    tree.remove(name(round));
    REQUIRE(tree.make(name(round + kAlive)));
    REQUIRE(ticks.next());
    CHECK(ticks.probe.duplicate() == "");
    std::set<std::string> expected;
    for (int i = round + 1; i <= round + kAlive; ++i)
      expected.insert(tree.path(name(i)));
    CHECK(ticks.paths() == expected);
  }
}

void works_unwatched(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/a.service"));
  REQUIRE(tree.make("/b.service"));
  const auto is_followed = test::without_watches([&] {
    Real ticks(tree);
    if (!ticks.next()) return false;
    tree.remove("/a.service");
    if (!tree.make("/c.service") || !ticks.next() || !ticks.next()) return false;
    return ticks.paths() == std::set{tree.path("/b.service"), tree.path("/c.service")};
  });
  tree.remove("/c.service");
  if (is_followed) {
    CHECK(*is_followed);
  } else {
    MESSAGE("left out: inotify cannot be forbidden here");
  }
}

std::size_t open_files() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    count += entry.path().empty() ? 0U : 1U;
  return count;
}

// A cgroup that has run has its files open that are read in every tick, one that sleeps only that
// of its CPU time, also when everything of it has just been read.
void hot_files_are_kept(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/a.service"));
  Real ticks(tree);
  for (int tick = 0; tick < 4; ++tick)
    REQUIRE(ticks.next());
  const std::size_t asleep = open_files();
  for (int tick = 0; tick < 40; ++tick) {
    REQUIRE(ticks.next());
    CHECK(open_files() == asleep);
  }
  if (is_v2) return;  // without controllers it has one file
  for (int tick = 0; tick < 3; ++tick) {
    const Load load(tree, "/a.service", [] { test::burn_cpu(0.01); });
    REQUIRE(load.has_joined);
    REQUIRE(ticks.next());
  }
  CHECK(open_files() >= asleep + 2);  // memory and threads at least,
  CHECK(open_files() <= asleep + 9);  // no limits, nor what counts by them
}

void descriptors_are_bounded(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  for (int i = 0; i < 30; ++i)
    REQUIRE(tree.make("/s" + std::to_string(i) + ".service"));
  const std::size_t before = open_files();
  for (const std::uint64_t most : {0U, 5U, 40U, 2000U}) {
    CAPTURE(most);
    cgroup::Options options = below(tree);
    options.max_descriptors = most;
    Real ticks(tree, options);
    for (int tick = 0; tick < 3; ++tick)
      REQUIRE(ticks.next());
    CHECK(ticks.paths().size() == 30);
    CHECK(open_files() - before <= most + 7);  // the hierarchies and the queue of changes
    if (most == 0) continue;
    tree.remove("/s0.service");
    REQUIRE(ticks.next());
    REQUIRE(ticks.next());
    CHECK(ticks.paths().size() == 29);
    REQUIRE(tree.make("/s0.service"));
  }
  CHECK(open_files() == before);
}

void memory_matches(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/big.service"));
  const Load load(tree, "/big.service", [] { test::touch_memory(32 * 1024 * 1024); });
  Real ticks(tree);
  REQUIRE(ticks.next());
  const auto rss = ticks.of_path("big.service", "linux.cgroup.memory.rss");
  if (!rss) {
    MESSAGE("left out: no memory controller");
    return;
  }
  CHECK(*rss >= 32 * kMiB);
  CHECK(*rss < 40 * kMiB);
  CHECK(ticks.of_path("big.service", "linux.cgroup.memory.usage") >= *rss);
  CHECK(ticks.of_path("big.service", "linux.cgroup.memory.working_set") >= *rss);
  CHECK(ticks.of_path("big.service", "linux.cgroup.pid.count") == 1);
}

void oom_kill_is_counted(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/small.service"));
  if (!tree.write("/small.service", is_v2 ? "memory.max" : "memory.limit_in_bytes", "16777216")) {
    MESSAGE("left out: no memory controller");
    return;
  }
  Real ticks(tree);
  REQUIRE(ticks.next());
  CHECK(ticks.of_path("small.service", "linux.cgroup.memory.limit") == 16777216.0);
  CHECK(ticks.of_path("small.service", "linux.cgroup.memory.oom_kills") == 0);
  const Load load(tree, "/small.service", [] { test::touch_memory(64 * 1024 * 1024); });
  if (load.is_alive) {
    MESSAGE("left out: this machine does not enforce the limit");
    return;
  }
  REQUIRE(ticks.next());
  CHECK(ticks.of_path("small.service", "linux.cgroup.memory.oom_kills") == 1);
}

void io_is_counted(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/writer.service"));
  for (int i = 0; i < 4; ++i)
    REQUIRE(tree.make("/other" + std::to_string(i) + ".service"));
  const test::TempDir dir;
  // In v1 recent kernels count for devices that have a limit only.
  struct stat about {};
  REQUIRE(::stat(dir.path().c_str(), &about) == 0);
  const std::string device =
      std::to_string(major(about.st_dev)) + ":" + std::to_string(minor(about.st_dev));
  (void)tree.write("/writer.service", "blkio.throttle.write_bps_device", device + " 8589934592");
  Real ticks(tree);
  const auto write = [&](std::size_t bytes) {
    const Load load(tree, "/writer.service", [&] { test::write_directly(dir.at("file"), bytes); });
    REQUIRE(ticks.next());
    return ticks.of_path("writer.service", "linux.cgroup.disk.io", "write");
  };
  const auto written = write(8 * 1024 * 1024);
  if (!written) {
    MESSAGE("left out: no block I/O is accounted here");
    return;
  }
  CHECK(*written >= 8 * kMiB);
  CHECK(*written < 10 * kMiB);
  CHECK(ticks.of_path("writer.service", "linux.cgroup.disk.operations", "write") > 0);
  // The slice above tells whether there is something new.
  CHECK(write(0) == *written);
  CHECK(write(4096 * 1024) == *written + 4 * kMiB);
  CHECK(write(4096 * 1024) == *written + 8 * kMiB);
}

void throttling_is_counted(bool is_v2) {
  RealTree tree(is_v2);
  if (is_left_out(tree, is_v2 ? "v2" : "v1")) return;
  REQUIRE(tree.make("/slow.service"));
  if (!tree.write("/slow.service", is_v2 ? "cpu.max" : "cpu.cfs_quota_us",
                  is_v2 ? "20000 100000" : "20000")) {
    MESSAGE("left out: no CPU controller");
    return;
  }
  const Load load(tree, "/slow.service", [] { test::burn_cpu(0.1); });
  Real ticks(tree);
  REQUIRE(ticks.next());
  CHECK(ticks.of_path("slow.service", "linux.cgroup.cpu.limit") == 0.2);
  CHECK(ticks.of_path("slow.service", "linux.cgroup.cpu.cfs.throttled_periods") > 0);
  CHECK(ticks.of_path("slow.service", "linux.cgroup.cpu.cfs.throttled_time") > 0);
}

}  // namespace

TEST_CASE("real: CPU time is what the processes used, v2") {
  cpu_time_matches(true);
}
TEST_CASE("real: CPU time is what the processes used, v1") {
  cpu_time_matches(false);
}
TEST_CASE("real: the same path with another inode is another cgroup, v2") {
  restart_is_another(true);
}
TEST_CASE("real: the same path with another inode is another cgroup, v1") {
  restart_is_another(false);
}
TEST_CASE("real: cgroups come and go, v2") {
  churn_is_followed(true);
}
TEST_CASE("real: cgroups come and go, v1") {
  churn_is_followed(false);
}
TEST_CASE("real: they come and go where no directory can be watched, v2") {
  works_unwatched(true);
}
TEST_CASE("real: they come and go where no directory can be watched, v1") {
  works_unwatched(false);
}
TEST_CASE("real: what is read in every tick stays open, v2") {
  hot_files_are_kept(true);
}
TEST_CASE("real: what is read in every tick stays open, v1") {
  hot_files_are_kept(false);
}
TEST_CASE("real: descriptors stay within their bound, with none it works too, v2") {
  descriptors_are_bounded(true);
}
TEST_CASE("real: descriptors stay within their bound, with none it works too, v1") {
  descriptors_are_bounded(false);
}

TEST_CASE("real: memory and threads are what the processes hold, v2") {
  memory_matches(true);
}
TEST_CASE("real: memory and threads are what the processes hold, v1") {
  memory_matches(false);
}
TEST_CASE("real: a process killed for lack of memory is counted, v2") {
  oom_kill_is_counted(true);
}
TEST_CASE("real: a process killed for lack of memory is counted, v1") {
  oom_kill_is_counted(false);
}
TEST_CASE("real: written bytes and operations are counted by device, v2") {
  io_is_counted(true);
}
TEST_CASE("real: written bytes and operations are counted by device, v1") {
  io_is_counted(false);
}
TEST_CASE("real: a CPU limit and the throttling it leads to, v2") {
  throttling_is_counted(true);
}
TEST_CASE("real: a CPU limit and the throttling it leads to, v1") {
  throttling_is_counted(false);
}
TEST_CASE("real: stalls are counted, v2") {
  RealTree tree(true);
  if (is_left_out(tree, "v2")) return;
  REQUIRE(tree.make("/a.service"));
  const Load load(tree, "/a.service", [] { test::burn_cpu(0.02); });
  Real ticks(tree);
  REQUIRE(ticks.next());
  if (!ticks.of_path("a.service", "linux.cgroup.cpu.pressure.time")) {
    MESSAGE("left out: pressure is switched off");
    return;
  }
  CHECK(ticks.of_path("a.service", "linux.cgroup.memory.pressure.time", "full") >= 0);
  CHECK(ticks.of_path("a.service", "linux.cgroup.io.pressure.time", "some") >= 0);
}
