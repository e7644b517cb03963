// SPDX-License-Identifier: Apache-2.0
#include "sources/host/processes.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Processes make(const base::Roots& roots) {
  return {roots, ProcessesOptions(), std::make_shared<KernelFiles>(roots)};
}

std::optional<std::int64_t> count(const test::Probe& probe, const char* status) {
  return probe.integer("system.processes.count", {{"status", status}});
}

std::string stat_of(int pid, char state) {
  return std::to_string(pid) + " (a b) c) " + state + " 1 1 1 0 -1 0\n";
}

}  // namespace

TEST_CASE("processes: big server: states from the PIDs, running and blocked from stat") {
  test::Probe probe;
  Processes processes = make(test::machine("big-server"));
  REQUIRE(probe.tick(processes));
  CHECK(probe.integer("system.processes.created") == 4567890);
  CHECK(count(probe, "running") == 17);
  CHECK(count(probe, "blocked") == 3);
  CHECK(count(probe, "idle") == 64);
  CHECK(count(probe, "sleeping") == 10);
  CHECK(count(probe, "zombies") == 0);
  CHECK(count(probe, "stopped") == 0);
  CHECK(count(probe, "unknown") == 0);
  CHECK_FALSE(count(probe, "paging"));
}

TEST_CASE("processes: every state letter") {
  const struct {
    char letter;
    const char* status;
  } rows[] = {{'I', "idle"},    {'S', "sleeping"}, {'T', "stopped"}, {'t', "stopped"},
              {'Z', "zombies"}, {'X', "unknown"},  {'P', "unknown"}, {'W', "paging"},
              {'R', "running"}, {'D', "blocked"}};
  for (const auto& row : rows) {
    CAPTURE(row.letter);
    test::TempDir dir;
    dir.write("proc/stat", "processes 5\n");  // no procs_running: the PIDs alone count
    dir.write("proc/7/stat", stat_of(7, row.letter));
    test::Probe probe;
    Processes processes = make(dir.roots());
    CHECK(probe.tick(processes));
    CHECK(count(probe, row.status) == 1);
  }
}

TEST_CASE("processes: those between the two ways of counting are unknown") {
  test::TempDir dir;
  dir.write("proc/stat", "processes 5\nprocs_running 1\nprocs_blocked 0\n");
  dir.write("proc/7/stat", stat_of(7, 'D'));  // in D, but not waiting for I/O
  dir.write("proc/8/stat", stat_of(8, 'D'));
  dir.write("proc/9/stat", stat_of(9, 'S'));
  test::Probe probe;
  Processes processes = make(dir.roots());
  CHECK(probe.tick(processes));
  CHECK(count(probe, "blocked") == 0);
  CHECK(count(probe, "running") == 1);
  CHECK(count(probe, "unknown") == 1);
}

TEST_CASE("processes: they come and go between ticks") {
  test::TempDir dir;
  dir.write("proc/stat", "processes 5\nprocs_running 0\nprocs_blocked 0\n");
  dir.write("proc/7/stat", stat_of(7, 'S'));
  dir.write("proc/8/stat", stat_of(8, 'S'));
  test::Probe probe;
  Processes processes = make(dir.roots());
  CHECK(probe.tick(processes));
  CHECK(count(probe, "sleeping") == 2);
  dir.remove("proc/8");
  dir.remove("proc/7/stat");  // ended between listing and reading
  dir.write("proc/9/stat", stat_of(9, 'Z'));
  CHECK(probe.tick(processes));
  CHECK(count(probe, "sleeping") == 0);
  CHECK(count(probe, "zombies") == 1);
}

TEST_CASE("processes: hostile tree: unreadable ones are unknown and reported") {
  test::Probe probe;
  Processes processes = make(test::machine("hostile"));
  const auto result = probe.tick(processes);
  REQUIRE_FALSE(result);
  CHECK(count(probe, "sleeping") == 2);
  CHECK(count(probe, "unknown") == 2);
  CHECK_FALSE(probe.find("system.processes.created"));
  CHECK(probe.duplicate().empty());
}

TEST_CASE("processes: nothing there") {
  test::TempDir dir;
  test::Probe probe;
  Processes processes = make(dir.roots());
  CHECK(probe.tick(processes).error().code == Errc::absent);
  CHECK(probe.size() == 0);
}

TEST_CASE("processes: the PIDs are not walked when their count is switched off") {
  test::Probe probe;
  probe.selection().set(metric::id("system.processes.count"), false);
  Processes processes = make(test::machine("big-server"));
  CHECK(probe.tick(processes));
  CHECK(probe.size() == 1);
}

TEST_CASE("processes: stat files stay open on a procfs, and a process that ended is let go") {
  PidDir pids(base::Roots().proc);
  KeptStats stats;
  char buffer[160];
  const auto round = [&] {
    std::size_t read = 0;
    auto list = pids.list();
    REQUIRE(list);
    stats.begin();
    for (const std::uint32_t pid : *list)
      read += stats.read(pids, pid, buffer).has_value() ? 1U : 0U;
    stats.end();
    return read;
  };
  REQUIRE(pids.list());
  CHECK(pids.is_procfs());
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  CHECK(round() >= 2);
  const std::size_t with_child = stats.kept();
  CHECK(with_child >= 2);
  CHECK(with_child <= KeptStats::kMost);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  // Its descriptor is asked once more, as if a new process had the PID already.
  stats.begin();
  CHECK(stats.read(pids, static_cast<std::uint32_t>(child), buffer).error().code == Errc::absent);
  stats.end();
  CHECK(stats.kept() == 0);
  CHECK(round() >= 1);
}
