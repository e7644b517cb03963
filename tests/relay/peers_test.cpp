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

TEST_CASE("peers: who sent and when outlives the process, counts do not") {
  constexpr edgehaul::base::UnixNanos kSecond = 1'000'000'000;
  Peers before(10);
  before.note("site b", 100 * kSecond, Peers::Event::taken, 5, 100);
  before.note("site b", 250 * kSecond, Peers::Event::refused, 0, 0, "not UTF-8");
  before.note("site-a", 300 * kSecond + 7, Peers::Event::taken, 1, 10);
  before.note("scanner", 400 * kSecond, Peers::Event::refused, 0, 0, "no credentials");
  before.note("two\nlines", 1, Peers::Event::taken, 1, 1);
  CHECK(before.text(1000) == "100 250 site b\n300 300 site-a\n");
  CHECK(before.text(20) == "100 250 site b\n");

  Peers after(10);
  after.note("site-a", 500 * kSecond, Peers::Event::taken, 1, 10);
  after.restore(before.text(1000));
  const auto rows = after.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "site b");
  CHECK(rows[0].first_seen == 100 * kSecond);
  CHECK(rows[0].last_seen == 250 * kSecond);
  CHECK(rows[0].requests == 0);
  CHECK(rows[0].last_error.empty());
  CHECK(rows[1].first_seen == 300 * kSecond);
  CHECK(rows[1].last_seen == 500 * kSecond);
  CHECK(rows[1].requests == 1);
  CHECK(after.forgotten() == 0);
}

TEST_CASE("peers: a stranger pushes out no site that has sent before the restart") {
  Peers peers(1);
  peers.restore("1 2 site-a\n3 4 no room\n");
  peers.note("scanner", 9, Peers::Event::refused, 0, 0, "no credentials");
  REQUIRE(peers.rows().size() == 1);
  CHECK(peers.rows()[0].name == "site-a");
}

TEST_CASE("peers: lines that are none are passed over") {
  Peers peers(10);
  peers.restore("");
  peers.restore(
      "\n\n \n1\n1 \n1 2\n1 2 \nx 2 a\n1 x a\n-1 2 a\n3 2 a\n1 99999999999999 a\n1 2 \xFF\n1 2 " +
      std::string(200, 'n') + "\n1 2 whole");
  REQUIRE(peers.rows().size() == 1);
  CHECK(peers.rows()[0].name == "whole");
}
