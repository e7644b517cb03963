// SPDX-License-Identifier: Apache-2.0
// The loss window: ticks of our own that wait in memory before they are written.
#include <doctest/doctest.h>

#include "spool/fault_disk.hpp"
#include "spool/ticker.hpp"

using namespace edgehaul;
using namespace edgehaul::test;
using spool::Origin;
using spool::Outcome;
using spool::RecordId;
using spool::Signal;

namespace {

// Ticks of one unchanging shape, so that only the first brings an anchor.
class Steady {
 public:
  explicit Steady(Rig& rig) : rig_(rig), shape_(*frame::Shape::of(RandomHost(14).tick())) {}

  // One after the other, 10 s apart.
  void tick(std::size_t count = 1) {
    for (; count > 0; --count) {
      std::vector<std::uint64_t> numbers;
      for (const frame::Slot& slot : shape_->slots()) {
        const bool is_value =
            slot.blank == frame::Blank::integer || slot.blank == frame::Blank::real;
        numbers.push_back(is_value ? sent.size() : 0);
      }
      std::string request = shape_->fill(numbers);
      const auto id = rig_.spool->append_and_wait(
          {Signal::metrics, Origin::own, rig_.clock.wall(), 1, request});
      REQUIRE(id);
      sent[*id] = std::move(request);
      rig_.clock.advance(10s);
    }
  }
  std::map<RecordId, std::string> sent;

 private:
  Rig& rig_;
  frame::ShapePtr shape_;
};

spool::Options with_window(const Rig& rig) {
  auto options = rig.options();
  options.loss_window = 60s;
  return options;
}

std::uint64_t on_disk(const Rig& rig) {
  std::uint64_t count = 0;
  for (const auto& row : rows(rig))
    count += row.ids.count();
  return count;
}

}  // namespace

TEST_CASE("window: ticks wait for a minute and then go in one commit, with their ids and bytes") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(6);
  CHECK(on_disk(rig) == 1);  // with its anchor
  CHECK(rig.spool->stats().held.records == 6);
  CHECK(rig.spool->stats().unwritten == 5);
  const auto commits = rig.spool->stats().commits;
  host.tick(2);  // the window is over with the second, which may come a moment after its end
  CHECK(on_disk(rig) >= 7);
  CHECK(rig.spool->stats().unwritten == 8 - on_disk(rig));
  CHECK(rig.spool->stats().commits == commits + 1);
  const auto all = rig.lease(0, up_to(100));
  CHECK(all.size() == 8);
  check_same(all, host.sent);
}

TEST_CASE("window: without another tick the clock ends it") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(3);
  CHECK(on_disk(rig) == 1);
  rig.clock.advance(60s);
  rig.spool->load_value("x").value();
  rig.spool->load_value("x").value();  // behind whatever the one before set off
  CHECK(on_disk(rig) == 3);
}

TEST_CASE("window: what is delivered in time is never written") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick();
  rig.settle(0, ids_of(rig.lease(0, up_to(9))));
  rig.write_settled();
  const auto commits = rig.spool->stats().commits;
  for (int i = 0; i < 40; ++i) {
    host.tick();
    const auto some = rig.lease(0, up_to(9));
    CHECK(some.size() == 1);
    check_same(some, host.sent);
    rig.settle(0, ids_of(some));
  }
  CHECK(rig.spool->stats().commits == commits);
  CHECK(rig.spool->stats().held.records == 0);
  CHECK(on_disk(rig) == 0);
  // Ids go on where they were.
  rig.open(with_window(rig));
  CHECK(rig.add("not a metrics request") == host.sent.rbegin()->first + 1);
}

TEST_CASE(
    "window: a peer's record is on disk when it is acknowledged, and so is what came before") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(4);
  CHECK(on_disk(rig) == 1);
  const auto id = rig.spool->append_and_wait(record("peer", Signal::metrics, Origin::peer));
  REQUIRE(id);
  CHECK(*id == 5);
  CHECK(on_disk(rig) == 5);
  host.tick(1);
  CHECK(on_disk(rig) == 5);
  std::vector<RecordId> ids = ids_of(rig.lease(0, up_to(100)));
  CHECK(ids == std::vector<RecordId>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("window: a stop writes what waits") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(5);
  rig.spool.reset();
  CHECK(on_disk(rig) == 5);
  rig.open(with_window(rig));
  check_same(rig.lease(0, up_to(100)), host.sent);
}

TEST_CASE("window: one that is refused while it waits is set aside whole") {
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(3);
  const auto some = rig.lease(0, up_to(9));
  rig.settle(0, {3}, Outcome::rejected, "no such metric");
  auto reader = spool::Reader::open(rig.dir.at("spool"));
  const auto aside = reader->set_aside();
  REQUIRE(aside->size() == 1);
  CHECK(reader->set_aside_record(aside->front().number)->body == host.sent[3]);
}

TEST_CASE("window: the disk fails while ticks wait, and they are written when it works again") {
  FaultDisk disk;
  Rig rig;
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(4);
  FaultDisk::write_fault = SQLITE_IOERR_WRITE;
  host.tick(5);
  CHECK(rig.spool->stats().mode == spool::Mode::memory);
  CHECK(rig.spool->stats().unwritten == 8);
  const auto all = rig.lease(0, up_to(100));
  CHECK(all.size() >= 8);
  check_same(all, host.sent);
  rig.settle(0, ids_of(all), Outcome::returned);
  FaultDisk::write_fault = 0;
  rig.clock.advance(120s);
  host.tick(1);
  host.tick(1);
  CHECK(rig.spool->stats().mode == spool::Mode::durable);
  rig.open(with_window(rig));
  const auto again = rig.lease(0, up_to(100));
  CHECK(again.size() == host.sent.size());
  check_same(again, host.sent);
}

TEST_CASE("window: two destinations; what one of them lacks stays") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open(with_window(rig));
  Steady host(rig);
  host.tick(4);
  rig.settle(0, ids_of(rig.lease(0, up_to(9))));
  host.tick(8);
  rig.open(with_window(rig));
  CHECK(rig.lease(0, up_to(100)).size() == 8);
  const auto all = rig.lease(1, up_to(100));
  CHECK(all.size() == 12);
  check_same(all, host.sent);
}

TEST_CASE("window: it is bounded in bytes, and a changed shape is written at once") {
  Rig rig;
  auto options = with_window(rig);
  options.loss_window = 24h;
  options.memory_queue = 64U << 10;
  rig.open(options);
  Steady host(rig);
  host.tick(2000);
  CHECK(rig.spool->stats().unwritten < 256);  // each weighs more than that many bytes
  CHECK(on_disk(rig) > 1000);
  host.tick(3);
  Ticker changed(rig, 3);
  changed.tick(1);
  CHECK(rig.spool->stats().unwritten == 0);
}
