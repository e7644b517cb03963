// SPDX-License-Identifier: Apache-2.0
#include "relay/peers.hpp"

#include <doctest/doctest.h>

using namespace edgehaul::relay;

TEST_CASE("peers: one row per name, the longest silent first") {
  Peers peers(10);
  peers.note("b", 200, Peers::Event::taken, 5, 100);
  peers.note("a", 300, Peers::Event::taken, 1, 10);
  peers.note("b", 250, Peers::Event::refused, 0, 0, "not UTF-8");
  const auto rows = peers.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "b");
  CHECK(rows[0].first_seen == 200);
  CHECK(rows[0].last_seen == 250);
  CHECK(rows[0].requests == 1);
  CHECK(rows[0].items == 5);
  CHECK(rows[0].refused == 1);
  CHECK(rows[0].last_error == "not UTF-8");
}

TEST_CASE("peers: the table is bounded and says how many it forgot") {
  Peers peers(3);
  for (int i = 0; i < 10; ++i)
    peers.note("peer" + std::to_string(i), i + 1, Peers::Event::taken, 1, 1);
  CHECK(peers.rows().size() == 3);
  CHECK(peers.rows()[0].name == "peer7");
  CHECK(peers.forgotten() == 7);
}

TEST_CASE("peers: addresses without their ports") {
  CHECK(host_of("10.0.0.7:51234") == "10.0.0.7");
  CHECK(host_of("[fe80::1]:4318") == "fe80::1");
  CHECK(host_of("unix") == "unix");
}

TEST_CASE("peers: strangers that are refused push out nobody who has sent something") {
  Peers peers(2);
  peers.note("site-a", 1, Peers::Event::taken, 1, 1);
  peers.note("scanner-1", 2, Peers::Event::refused, 0, 0, "no credentials");
  peers.note("scanner-2", 3, Peers::Event::refused, 0, 0, "no credentials");
  CHECK(peers.rows()[0].name == "site-a");
  CHECK(peers.rows()[1].name == "scanner-2");
  peers.note("site-b", 4, Peers::Event::taken, 1, 1);
  peers.note("scanner-3", 5, Peers::Event::refused, 0, 0, "no credentials");
  REQUIRE(peers.rows().size() == 2);
  CHECK(peers.rows()[0].name == "site-a");
  CHECK(peers.rows()[1].name == "site-b");
  CHECK(peers.forgotten() == 3);
}
