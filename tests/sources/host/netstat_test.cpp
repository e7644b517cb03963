// SPDX-License-Identifier: Apache-2.0
#include "sources/host/netstat.hpp"

#include <unistd.h>
#include <map>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

std::map<std::string, std::uint64_t> counters(std::string_view body, Faults& faults) {
  std::map<std::string, std::uint64_t> out;
  parse_key_value_lines(body, faults,
                        [&](std::string_view group, std::string_view key, std::uint64_t value) {
                          out[std::string(group) + "." + std::string(key)] = value;
                        });
  return out;
}

}  // namespace

TEST_CASE("snmp: keys and values pair up by place, or not at all") {
  using Map = std::map<std::string, std::uint64_t>;
  struct Row {
    std::string_view body;
    Map expected;
    std::size_t faults;
  };
  const Row rows[] = {
      {"Tcp: A B\nTcp: 1 2\n", {{"Tcp.A", 1}, {"Tcp.B", 2}}, 0},
      {"Tcp: A B\nTcp: -1 2", {{"Tcp.B", 2}}, 0},
      {"Tcp: A B\nTcp: 1\n", {{"Tcp.A", 1}}, 0},
      {"Tcp: A\nTcp: 1 2\n", {{"Tcp.A", 1}}, 0},
      {"Tcp: A\nTcp: x\n", {}, 1},
      {"Tcp: A\nUdp: 1\nUdp: B\nUdp: 2\n", {}, 1},
      {"Tcp: A\n", {}, 1},
      {"\n\n", {}, 1},
      {"", {}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Faults faults;
    CHECK(counters(row.body, faults) == row.expected);
    CHECK(faults.count() == row.faults);
  }
}

TEST_CASE("netstat: a large server") {
  test::Probe probe;
  Netstat netstat(test::machine("big-server"));
  REQUIRE(probe.tick(netstat));
  CHECK(probe.integer("system.network.tcp.segments", {{"direction", "receive"}}) == 81234567890);
  CHECK(probe.integer("system.network.tcp.segments", {{"direction", "transmit"}}) == 91234567890);
  CHECK(probe.integer("system.network.tcp.retransmits") == 1234567);
  CHECK(probe.integer("system.network.tcp.opens", {{"type", "active"}}) == 5000000);
  CHECK(probe.integer("system.network.tcp.opens", {{"type", "passive"}}) == 7000000);
  CHECK(probe.integer("system.network.tcp.resets") == 36);
  CHECK(probe.integer("system.network.tcp.errors") == 1);
  CHECK(probe.integer("system.network.tcp.listen_overflows") == 17);
  CHECK(probe.integer("system.network.tcp.listen_drops") == 19);
  CHECK(probe.integer("system.network.tcp.timeouts") == 2300);
  CHECK(probe.integer("system.network.udp.datagrams", {{"direction", "transmit"}}) == 84);
  CHECK(probe.integer("system.network.udp.errors", {{"error.type", "no_port"}}) == 4);
  CHECK(probe.integer("system.network.udp.errors", {{"error.type", "receive_buffer"}}) == 45);
  CHECK(probe.integer("system.network.socket.count",
                      {{"network.transport", "tcp"}, {"state", "inuse"}}) == 320 + 58);
  CHECK(probe.integer("system.network.socket.count", {{"state", "time_wait"}}) == 40);
  CHECK(probe.integer("system.network.socket.count", {{"network.transport", "udp"}}) == 21);
  CHECK(probe.integer("system.network.socket.memory", {{"network.transport", "tcp"}}) ==
        912 * ::sysconf(_SC_PAGESIZE));
  CHECK(probe.integer("system.network.softnet.dropped") == 64);
  CHECK(probe.integer("system.network.softnet.time_squeezed") == 127 * 128 / 2);
  CHECK(probe.integer("system.network.softnet.processed") == 128 * 0xf0000000LL + 127 * 128 / 2);
  CHECK(probe.duplicate() == "");
}

TEST_CASE("netstat: each CPU's 32-bit counter goes on past its end") {
  test::TempDir dir;
  test::Probe probe;
  Netstat netstat(dir.roots());
  const auto processed = [&](std::string_view body) {
    dir.write("proc/net/softnet_stat", body);
    CHECK(probe.tick(netstat));
    return probe.integer("system.network.softnet.processed");
  };
  CHECK(processed("fffffffe 0 0\n00000005 0 0\n") == 0xfffffffeLL + 5);
  CHECK(processed("00000003 0 0\n00000006 0 0\n") == 0x100000003LL + 6);
  // A CPU left: whose rows these are is unknown, so the sum begins anew.
  CHECK(processed("00000007 0 0\n") == 7);
  // A last line that was cut off is no row.
  CHECK(processed("00000009 0 0\n00000001 0 0") == 9);
}

TEST_CASE("netstat: nothing of it, some of it, nonsense") {
  test::TempDir dir;
  test::Probe probe;
  Netstat none(dir.roots());
  CHECK(probe.tick(none).error().code == Errc::absent);
  dir.write("proc/net/sockstat", "TCP: inuse 5 orphan 1 tw 2 alloc 7 mem 3\n");
  CHECK(probe.tick(none));
  CHECK(probe.integer("system.network.socket.count", {{"state", "orphan"}}) == 1);
  Netstat hostile(test::machine("hostile"));
  CHECK(probe.tick(hostile).error().code == Errc::malformed);
  CHECK(probe.duplicate() == "");
  CHECK(probe.integer("system.network.tcp.segments", {{"direction", "receive"}}) == 1);
}
