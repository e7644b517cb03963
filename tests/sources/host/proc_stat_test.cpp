// SPDX-License-Identifier: Apache-2.0
#include "sources/host/proc_stat.hpp"

#include <doctest/doctest.h>

using namespace edgehaul::host;

TEST_CASE("proc_stat: CPUs and counters, guest columns left alone") {
  ProcStat stat;
  parse_stat(
      "cpu  10 20 30 40 50 60 70 80 90 100\n"
      "cpu0 1 2 3 4 5 6 7 8 9 10\n"
      "cpu12 11 12 13 14 15 16 17 18 19 20\n"
      "intr 544322 1 2 3\n"
      "ctxt 842205\n"
      "btime 1795390653\n"
      "processes 9005\n"
      "procs_running 3\n"
      "procs_blocked 1\n"
      "softirq 246020 0 27703\n",
      stat);
  REQUIRE(stat.cpus.size() == 2);
  CHECK(stat.cpus[1].number == 12);
  CHECK(stat.cpus[1].ticks == CpuTicks{11, 12, 13, 14, 15, 16, 17, 18});
  CHECK(stat.interrupts == 544322);
  CHECK(stat.context_switches == 842205);
  CHECK(stat.boot_time == 1795390653);
  CHECK(stat.forks == 9005);
  CHECK(stat.running == 3);
  CHECK(stat.blocked == 1);
  CHECK(stat.cpu_faults.result());
  CHECK(stat.counter_faults.result());
}

TEST_CASE("proc_stat: a bad line is skipped and reported, the rest is kept") {
  struct Row {
    const char* body;
    std::size_t cpus;
    std::size_t cpu_faults;
    std::size_t counter_faults;
  };
  const Row rows[] = {
      {"", 0, 0, 0},
      {"\n\n", 0, 0, 0},
      {"cpu0 1 2 3 4 5 6 7 8", 1, 0, 0},
      {"cpu0 1 2 3 4 5 6 7\ncpu1 1 2 3 4 5 6 7 8 9 10\n", 1, 1, 0},  // cut short
      {"cpu0 1 2 3 x 5 6 7 8\n", 0, 1, 0},                           // not a number
      {"cpu0 1 2 3 4 5 6 7 18446744073709551616\n", 0, 1, 0},        // 2^64
      {"cpu0 1 2 3 4 5 6 7 -8\n", 0, 1, 0},                          // negative
      {"cpu99999 1 2 3 4 5 6 7 8\n", 0, 1, 0},                       // no such CPU
      {"cpu1 1 2 3 4 5 6 7 8\ncpu1 9 9 9 9 9 9 9 9\n", 1, 1, 0},     // twice
      {"cpufreq 1\n", 0, 1, 0},
      {"intr\nctxt 12kB\nbtime \nprocesses 1\n", 0, 0, 3},
      {"unknown 1 2 3\nhello\n", 0, 0, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    ProcStat stat;
    parse_stat(row.body, stat);
    CHECK(stat.cpus.size() == row.cpus);
    CHECK(stat.cpu_faults.count() == row.cpu_faults);
    CHECK(stat.counter_faults.count() == row.counter_faults);
  }
}

TEST_CASE("proc_stat: nothing of the last reading stays") {
  ProcStat stat;
  parse_stat("cpu0 1 2 3 4 5 6 7 8\nctxt 5\nintr x\n", stat);
  parse_stat("processes 7\n", stat);
  CHECK(stat.cpus.empty());
  CHECK_FALSE(stat.context_switches);
  CHECK(stat.counter_faults.count() == 0);
  CHECK(stat.forks == 7);
}
