// SPDX-License-Identifier: Apache-2.0
#include "sources/host/processes.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <list>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "sources/host/known_states.hpp"
#include "sources/host/pid_stat.hpp"
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

namespace {

// A child that sleeps until the end of the test.
class Child {
 public:
  Child() : pid_(::fork()) {
    while (pid_ == 0)
      ::pause();
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  void signal(int number) const { ::kill(pid_, number); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // SIGSTOP and SIGCONT are only on their way when kill() returns.
  void await(char letter) const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/stat";
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      const auto line = base::read_line(path);
      if (line && parse_pid_state(*line) == letter) return;
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::yield();
    }
  }

 private:
  pid_t pid_;
};

// A round over one process.
Result<char> ask(KnownStates& states, PidDir& pids, std::uint32_t pid) {
  states.begin();
  auto letter = states.read(pids, pid);
  states.end();
  return letter;
}

}  // namespace

TEST_CASE("processes: one that has not run since is in the state that it was in") {
  PidDir pids(base::Roots().proc);
  REQUIRE(pids.list());
  REQUIRE(pids.is_procfs());
  KnownStates states;
  const Child child;
  child.await('S');
  CHECK(ask(states, pids, child.pid()) == 'S');
  CHECK(states.looks() == 1);
  CHECK(states.descriptors() == 2);
  CHECK(ask(states, pids, child.pid()) == 'S');
  CHECK(states.looks() == 0);
  child.signal(SIGSTOP);
  child.await('T');
  CHECK(ask(states, pids, child.pid()) == 'T');
  CHECK(states.looks() == 1);
  CHECK(ask(states, pids, child.pid()) == 'T');
  CHECK(states.looks() == 0);
  child.signal(SIGCONT);
  child.await('S');
  CHECK(ask(states, pids, child.pid()) == 'S');
  child.signal(SIGKILL);
  child.await('Z');  // nobody has waited for it yet
  CHECK(ask(states, pids, child.pid()) == 'Z');
}

TEST_CASE("processes: one that runs is looked at every time") {
  PidDir pids(base::Roots().proc);
  REQUIRE(pids.list());
  KnownStates states;
  const auto self = static_cast<std::uint32_t>(::getpid());
  for (int i = 0; i < 3; ++i) {
    CHECK(ask(states, pids, self) == 'R');
    CHECK(states.looks() == 1);
  }
}

TEST_CASE("processes: what ended is let go") {
  PidDir pids(base::Roots().proc);
  REQUIRE(pids.list());
  KnownStates states;
  Child child;
  REQUIRE(ask(states, pids, child.pid()));
  const std::uint32_t pid = child.pid();
  child.end();
  // Its descriptors are asked once more, as if a new process had the PID already.
  const auto letter = ask(states, pids, pid);
  REQUIRE_FALSE(letter);
  CHECK(letter.error().code == Errc::absent);
  CHECK(states.descriptors() == 0);
  Child other;
  REQUIRE(ask(states, pids, other.pid()));
  states.begin();
  states.end();  // a round that does not ask for it
  CHECK(states.descriptors() == 0);
}

TEST_CASE("processes: with few descriptors or none the states are the same") {
  PidDir pids(base::Roots().proc);
  REQUIRE(pids.list());
  const Child first;
  const Child second;
  first.await('S');
  second.signal(SIGSTOP);
  second.await('T');
  for (const std::size_t most : {0U, 1U, 3U}) {
    CAPTURE(most);
    KnownStates states(most);
    for (int i = 0; i < 2; ++i) {
      states.begin();
      CHECK(states.read(pids, std::min(first.pid(), second.pid())));
      CHECK(states.read(pids, std::max(first.pid(), second.pid())));
      states.end();
      CHECK(states.descriptors() <= most);
    }
    CHECK(ask(states, pids, first.pid()) == 'S');
    CHECK(ask(states, pids, second.pid()) == 'T');
  }
}

TEST_CASE("processes: those of this machine, made and ended, are counted at each tick") {
  test::Probe probe;
  Processes processes = make(base::Roots());
  const auto stopped = [&] {
    REQUIRE(probe.tick(processes));
    return count(probe, "stopped").value_or(-1);
  };
  const auto before = stopped();
  std::list<Child> children(40);
  for (const Child& child : children) {
    child.signal(SIGSTOP);
    child.await('T');
  }
  // Others on this machine may stop and go on meanwhile, but not so many.
  CHECK(stopped() > before + 20);
  CHECK(stopped() > before + 20);
  children.clear();
  CHECK(stopped() < before + 20);
}
