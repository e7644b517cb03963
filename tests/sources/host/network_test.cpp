// SPDX-License-Identifier: Apache-2.0
#include "sources/host/network.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

TEST_CASE("net/dev: names with colons, glued numbers, broken lines") {
  struct Row {
    std::string_view line;
    std::string_view name;  // empty: not understood
  };
  const Row rows[] = {
      {"  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "eth0"},
      {"eth0:1 2 3 4 5 6 7 8 9 10 11 12", "eth0"},
      {" eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "eth0:1"},
      {"  eth0: 1 2 3 4 5 6 7 8 9 10 11", ""},
      {"  eth0: 1 2 3 -4 5 6 7 8 9 10 11 12", ""},
      {"  eth0 1 2 3 4 5 6 7 8 9 10 11 12", ""},
      {": 1 2 3 4 5 6 7 8 9 10 11 12", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const auto stats = parse_net_dev_line(row.line);
    REQUIRE(stats.has_value() == !row.name.empty());
    if (!stats) continue;
    CHECK(stats->name == row.name);
    CHECK(stats->receive.dropped == 4);
    CHECK(stats->transmit.bytes == 9);
    CHECK(stats->transmit.dropped == 12);
  }
}

TEST_CASE("network: a virtual machine") {
  test::Probe probe;
  Network network(test::machine("debian12-vm"), NetworkOptions());
  REQUIRE(probe.tick(network));
  CHECK(probe.size() == 3 * 8);  // lo, ens3, its alias; no veth, no conntrack
  const metric::Attr device("device", "ens3");
  const metric::Attr receive("direction", "receive");
  const metric::Attr transmit("direction", "transmit");
  CHECK(probe.integer("system.network.io", {device, receive}) == 241258032);
  CHECK(probe.integer("system.network.io", {device, transmit}) == 1542112);
  CHECK(probe.integer("system.network.packets", {device, receive}) == 16218);
  CHECK(probe.integer("system.network.packets", {device, transmit}) == 14771);
  CHECK(probe.integer("system.network.errors", {device, receive}) == 1);
  CHECK(probe.integer("system.network.dropped", {device, receive}) == 7);
  CHECK(probe.integer("system.network.dropped", {device, transmit}) == 2);
  CHECK(probe.find("system.network.io", {{"device", "ens3:0"}}) != nullptr);
}

TEST_CASE("network: hundreds of pod interfaces stay out, connection tracking is counted") {
  test::Probe probe;
  Network network(test::machine("big-server"), NetworkOptions());
  REQUIRE(probe.tick(network));
  CHECK(probe.count("system.network.io") == 4 * 2);
  CHECK(probe.integer("system.network.conntrack.count") == 52311);
  CHECK(probe.integer("system.network.conntrack.max") == 1048576);
  Network edge(test::machine("arm-edge"), NetworkOptions());
  REQUIRE(probe.tick(edge));
  CHECK(probe.count("system.network.io") == 3 * 2);
}

TEST_CASE("network: process 1's view is taken where there is one") {
  test::TempDir dir;
  dir.write("proc/net/dev", "h|\nh|\n own: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
  dir.write("proc/1/net/dev", "h|\nh|\n host: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
  test::Probe probe;
  Network network(dir.roots(), NetworkOptions());
  REQUIRE(probe.tick(network));
  CHECK(probe.find("system.network.io", {{"device", "host"}}) != nullptr);
  CHECK(probe.find("system.network.io", {{"device", "own"}}) == nullptr);
}

TEST_CASE("network: interfaces come and go between ticks") {
  test::TempDir dir;
  test::Probe probe;
  Network network(dir.roots(), NetworkOptions());
  for (const char* name : {"eth0", "eth1", "eth0"}) {
    dir.write("proc/net/dev",
              "h|\nh|\n " + std::string(name) + ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    REQUIRE(probe.tick(network));
    CHECK(probe.count("system.network.io") == 2);
    CHECK(probe.find("system.network.io", {{"device", name}}) != nullptr);
  }
}

TEST_CASE("network: hostile: one stream per interface, clean names, the fault is told") {
  test::Probe probe;
  Network network(test::machine("hostile"), NetworkOptions());
  const auto result = probe.tick(network);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::malformed);
  CHECK(probe.duplicate() == "");
  CHECK(probe.count("system.network.io") == 4);
  CHECK(probe.integer("system.network.io", {{"device", "eth0"}, {"direction", "receive"}}) == 1);
  for (const auto& point : probe.batch().points())
    CHECK(text::is_utf8(probe.batch().attr(point, 0).text));
  CHECK(probe.count("system.network.conntrack.count") == 0);
}
