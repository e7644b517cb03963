// SPDX-License-Identifier: Apache-2.0
// When it is written that a record was delivered: with the next commit where that is soon.
#include <filesystem>

#include "spool/ticker.hpp"

using namespace edgehaul;
using namespace edgehaul::test;
using spool::Origin;
using spool::RecordId;
using spool::Signal;

namespace {

// As the disk is at this moment, in a spool of its own: what a crash would leave.
std::vector<RecordId> after_a_crash(const Rig& rig) {
  TempDir copy;
  std::filesystem::copy(rig.dir.at("spool"), copy.at("spool"));
  auto options = rig.options();
  options.directory = copy.at("spool");
  auto spool = spool::Spool::open(options, rig.clock, {});
  REQUIRE(spool);
  auto records = (*spool)->lease(0, up_to(1000));
  REQUIRE(records);
  return ids_of(*records);
}

}  // namespace

TEST_CASE("settled: a tick's delivery goes with the next tick, one commit for both") {
  Rig rig;
  rig.open();
  Ticker host(rig);
  host.tick();
  for (int i = 0; i < 20; ++i) {
    const auto commits = rig.spool->stats().commits;
    const auto some = rig.lease(0, up_to(9));
    REQUIRE(some.size() == 1);
    rig.settle(0, ids_of(some));
    CHECK(rig.spool->stats().held.records == 0);
    CHECK(rig.lease(0, up_to(9)).empty());
    CHECK(rig.spool->stats().commits == commits);
    CHECK(after_a_crash(rig) == ids_of(some));
    host.tick();
    CHECK(rig.spool->stats().commits == commits + 1);
    CHECK(after_a_crash(rig) == std::vector<RecordId>{some.front().id + 1});
  }
}

TEST_CASE("settled: without another tick it is written after half a minute") {
  Rig rig;
  rig.open();
  Ticker host(rig);
  host.tick(3);
  rig.settle(0, ids_of(rig.lease(0, up_to(2))));
  CHECK(after_a_crash(rig).size() == 3);
  rig.clock.advance(29s);
  rig.spool->load_value("x").value();
  CHECK(after_a_crash(rig).size() == 3);
  rig.write_settled();
  CHECK(after_a_crash(rig) == std::vector<RecordId>{3});
}

TEST_CASE("settled: a stop writes it") {
  Rig rig;
  rig.open();
  Ticker host(rig);
  host.tick(3);
  rig.settle(0, ids_of(rig.lease(0, up_to(2))));
  rig.open();
  CHECK(ids_of(rig.lease(0, up_to(9))) == std::vector<RecordId>{3});
}

TEST_CASE("settled: much at once does not wait") {
  Rig rig;
  rig.open();
  rig.fill(0, 30, 3000);
  rig.settle(0, ids_of(rig.lease(0, up_to(25))));
  CHECK(after_a_crash(rig) == std::vector<RecordId>{26, 27, 28, 29, 30});
}

TEST_CASE("settled: a rejection does not wait, and takes along what did") {
  Rig rig;
  rig.open();
  Ticker host(rig);
  host.tick(3);
  rig.settle(0, ids_of(rig.lease(0, up_to(1))));
  CHECK(after_a_crash(rig).size() == 3);
  rig.settle(0, ids_of(rig.lease(0, up_to(1))), spool::Outcome::rejected, "no");
  CHECK(after_a_crash(rig) == std::vector<RecordId>{3});
}

TEST_CASE("settled: a relay writes it at once") {
  Rig rig;
  auto options = rig.options();
  options.keep_peers = true;
  rig.open(options);
  for (int i = 0; i < 3; ++i)
    REQUIRE(rig.spool->append_and_wait(record("peer", Signal::logs, Origin::peer)));
  rig.settle(0, ids_of(rig.lease(0, up_to(2))));
  CHECK(after_a_crash(rig) == std::vector<RecordId>{3});
}

TEST_CASE("settled: for one of two destinations") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  Ticker host(rig);
  host.tick(2);
  rig.settle(0, ids_of(rig.lease(0, up_to(1))));
  CHECK(after_a_crash(rig).size() == 2);
  host.tick();
  CHECK(after_a_crash(rig) == std::vector<RecordId>{2, 3});
}
