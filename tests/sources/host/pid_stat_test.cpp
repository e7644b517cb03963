// SPDX-License-Identifier: Apache-2.0
#include "sources/host/pid_stat.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace edgehaul::host;

namespace {

constexpr const char* kTail =
    " R 412 1 1 0 -1 4194560 1500 0 12 0 700 90 0 0 20 0 3 0 905 61865984 2400 18446744073709551615"
    " 0 0 0 0 0 0 0 4096 0 0 0 0 17 0 0 0 7 0 0\n";

}  // namespace

TEST_CASE("pid_stat: fields are counted from the last bracket") {
  for (const char* comm : {"nginx", "a b", "a) b", ")", "", "(x) R 1 (", "x)) S 99 99"}) {
    CAPTURE(comm);
    const std::string line = "413 (" + std::string(comm) + ")" + kTail;
    const auto stat = parse_pid_stat(line);
    REQUIRE(stat);
    CHECK(stat->comm == comm);
    CHECK(stat->state == 'R');
    CHECK(stat->parent == 412);
    CHECK(stat->minor_faults == 1500);
    CHECK(stat->major_faults == 12);
    CHECK(stat->user_ticks == 700);
    CHECK(stat->system_ticks == 90);
    CHECK(stat->threads == 3);
    CHECK(stat->start_ticks == 905);
    CHECK(stat->virtual_bytes == 61865984);
    CHECK(stat->resident_pages == 2400);
    CHECK(stat->wait_ticks == 7);
    CHECK(parse_pid_state(line) == 'R');
  }
}

TEST_CASE("pid_stat: what is not a stat line") {
  for (const char* line :
       {"", "1", "1 (a", "1 a) R 1", ")(", "1 (a)", "1 (a) R", "1 (a) RR 1 2 3", "1 (a) R x",
        "1 (a) R 1 1 1 0 -1 0 1500 0 12 0 700 90 0 0 20 0 3 0 905 618",
        "1 (a) R 1 1 1 0 -1 0 -5 0 12 0 700 90 0 0 20 0 3 0 905 618 5",
        "1 (a) R 1 1 1 0 -1 0 5 0 12 0 700 90 0 0 20 0 3 0 18446744073709551616 618 5"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_pid_stat(line));
  }
  // Before 2.6.18 the line ends before the block I/O delay.
  const auto old = parse_pid_stat("1 (a) S 1 1 1 0 -1 0 5 0 6 0 7 8 0 0 20 0 3 0 9 618 10");
  REQUIRE(old);
  CHECK(old->wait_ticks == 0);
}

TEST_CASE("pid_stat: status: pending signals are bits, not a number") {
  const PidStatus status = parse_pid_status(
      "Name:\tx\nUid:\t33\t0\t0\t0\nSigQ:\t5/100\nSigPnd:\tffffffffffffffff\n"
      "ShdPnd:\t0000000000004001\nvoluntary_ctxt_switches:\t120\nnonvoluntary_ctxt_switches:\t8\n");
  CHECK(status.uid == 33);
  CHECK(status.pending == 2);
  CHECK(status.voluntary == 120);
  CHECK(status.involuntary == 8);
  const PidStatus none = parse_pid_status("Uid:\t-1\nShdPnd:\tzz\nvoluntary_ctxt_switches\n");
  CHECK_FALSE(none.uid);
  CHECK_FALSE(none.pending);
  CHECK_FALSE(none.voluntary);
}

TEST_CASE("pid_stat: io: what reached the storage, and system calls") {
  const PidIo io = parse_pid_io(
      "rchar: 900000\nwchar: 800000\nsyscr: 300\nsyscw: 200\nread_bytes: 40960\n"
      "write_bytes: 8192\ncancelled_write_bytes: 4096\n");
  CHECK(io.read_bytes == 40960);
  CHECK(io.write_bytes == 8192);
  CHECK(io.read_calls == 300);
  CHECK(io.write_calls == 200);
  CHECK_FALSE(parse_pid_io("read_bytes: x\nread_bytes\n").read_bytes);
}
