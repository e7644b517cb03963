// SPDX-License-Identifier: Apache-2.0
// Our own ticks: kept as frames, packed into blocks, and the same bytes again when they are leased.
#include <algorithm>
#include <map>
#include <memory>

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "spool/database.hpp"
#include "spool/ticker.hpp"

using namespace edgehaul;
using namespace edgehaul::test;
using spool::Order;
using spool::Outcome;
using spool::Reader;
using spool::RecordId;

TEST_CASE("frames: a tick comes back as it went in, oldest or newest first") {
  Rig rig;
  rig.open();
  Ticker ticker(rig);
  ticker.tick(5);
  const auto newest = rig.lease(0, up_to(2, Order::newest_first));
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].id == 5);
  CHECK(newest[1].id == 4);
  const auto rest = rig.lease(0, up_to(100));
  CHECK(ids_of(rest) == std::vector<RecordId>{1, 2, 3});
  check_same(newest, ticker.sent);
  check_same(rest, ticker.sent);
  rig.settle(0, ids_of(rest));
  rig.settle(0, ids_of(newest));
  CHECK(rig.spool->stats().held.records == 0);
  rig.write_settled();
  CHECK(rows(rig).empty());
}

TEST_CASE("frames: many become few rows, with their ids and all their bytes") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 2);
  ticker.tick(800);
  const auto entries = rows(rig);
  CHECK(entries.size() < 120);
  CHECK(entries.front().ids.count() > 100);
  CHECK(rig.spool->stats().held.records == 800);
  std::size_t seen = 0;
  for (;;) {
    const auto some = rig.lease(0, up_to(37));
    if (some.empty()) break;
    check_same(some, ticker.sent);
    CHECK(some.front().id == seen + 1);
    seen += some.size();
    rig.settle(0, ids_of(some));
  }
  CHECK(seen == 800);
  const auto stats = rig.spool->stats();
  CHECK(stats.held.records == 0);
  CHECK(stats.held.items == 0);
  CHECK(stats.held.bytes == 0);
  rig.write_settled();
  CHECK(rows(rig).empty());
}

TEST_CASE("frames: a block settled in part stays for the others, over restarts and exactly once") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  Ticker ticker(rig, 3);
  ticker.tick(500);
  std::vector<std::size_t> seen(2);
  for (std::size_t round = 0; seen[0] < 500 || seen[1] < 500; ++round) {
    const std::size_t index = round % 3 == 0 ? 1 : 0;
    const auto order = round % 5 == 0 ? Order::newest_first : Order::oldest_first;
    const auto some = rig.lease(index, up_to(23, order));
    check_same(some, ticker.sent);
    rig.settle(index, ids_of(some));
    seen[index] += some.size();
    if (round % 7 == 0) rig.open();
    const auto stats = rig.spool->stats();
    CHECK(stats.destinations[0].waiting.records == 500 - seen[0]);
    CHECK(stats.destinations[1].waiting.records == 500 - seen[1]);
    REQUIRE(round < 200);
  }
  CHECK(rig.lease(0, up_to(1)).empty());
  CHECK(rig.lease(1, up_to(1)).empty());
  CHECK(rows(rig).empty());
}

TEST_CASE("frames: leases stand while their ticks are packed") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 4);
  ticker.tick(10);
  const auto early = rig.lease(0, up_to(10));
  ticker.tick(400);
  CHECK(rows(rig).front().ids.contains(10));
  rig.settle(0, {1, 2, 3, 4, 5}, Outcome::delivered);
  rig.settle(0, {6, 7, 8, 9, 10}, Outcome::returned);
  const auto next = rig.lease(0, up_to(3));
  CHECK(ids_of(next) == std::vector<RecordId>{6, 7, 8});
  check_same(next, ticker.sent);
}

TEST_CASE("frames: one that is refused is set aside alone") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 5);
  ticker.tick(400);
  const auto some = rig.lease(0, up_to(50));
  rig.settle(0, {17}, Outcome::rejected, "no such metric");
  auto reader = Reader::open(rig.dir.at("spool"));
  const auto aside = reader->set_aside();
  REQUIRE(aside->size() == 1);
  CHECK(aside->front().entry.id == 17);
  CHECK(reader->set_aside_record(aside->front().number)->body == ticker.sent[17]);
  CHECK(rig.spool->stats().held.records == 399);
}

TEST_CASE("frames: ids never come twice, though the sequence runs ahead of them") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 6);
  ticker.tick(3);
  rig.settle(0, ids_of(rig.lease(0, up_to(9))));
  rig.open();
  ticker.tick(1);
  CHECK(ticker.sent.rbegin()->first == 4);
  const RecordId request = rig.add("not a metrics request");
  CHECK(request == 5);
  ticker.tick(1);
  CHECK(ticker.sent.rbegin()->first == 6);
}

TEST_CASE("frames: ticks and requests share one order") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 7);
  std::vector<RecordId> requests;
  for (int i = 0; i < 450; ++i) {
    ticker.tick();
    if (i % 9 == 0) requests.push_back(rig.add(noise(50, static_cast<std::uint64_t>(i))));
  }
  CHECK(rows(rig).size() < 200);
  const auto all = rig.lease(0, up_to(1000));
  REQUIRE(all.size() == 500);
  std::vector<RecordId> ids = ids_of(all);
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < ids.size(); ++i)
    CHECK(ids[i] == i + 1);
}

TEST_CASE("frames: kept in memory with their shapes while the disk fails") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 8);
  ticker.tick(3);
  const std::string folder = rig.dir.at("spool");
  auto options = rig.options();
  rig.spool.reset();
  REQUIRE(std::rename(folder.c_str(), (folder + ".away").c_str()) == 0);
  std::FILE* file = std::fopen(folder.c_str(), "w");
  REQUIRE(file != nullptr);
  std::fclose(file);
  rig.open(options);
  CHECK(rig.spool->stats().mode == spool::Mode::memory);
  Ticker blind(rig, 9);
  blind.tick(20);
  check_same(rig.lease(0, up_to(5)), blind.sent);
  REQUIRE(std::remove(folder.c_str()) == 0);
  REQUIRE(std::rename((folder + ".away").c_str(), folder.c_str()) == 0);
  rig.clock.advance(120s);
  blind.tick(1);
  blind.tick(1);
  CHECK(rig.spool->stats().mode == spool::Mode::durable);
  rig.open();
  const auto all = rig.lease(0, up_to(100));
  REQUIRE(all.size() == 25);
  for (const auto& record : all) {
    const bool is_old = ticker.sent.contains(record.id);
    CHECK(record.body == (is_old ? ticker.sent : blind.sent).at(record.id));
  }
}

TEST_CASE("frames: the reader sees what a lease gives") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 10);
  ticker.tick(430);
  auto reader = Reader::open(rig.dir.at("spool"));
  REQUIRE(reader);
  CHECK(reader->record(7)->body == ticker.sent[7]);
  CHECK(reader->record(430)->body == ticker.sent[430]);
  CHECK(reader->record(431).error().code == Errc::absent);
  std::size_t seen = 0;
  for (const auto& entry : rows(rig)) {
    const auto records = reader->row(entry.id);
    REQUIRE(records);
    CHECK(records->size() == entry.ids.count());
    check_same(*records, ticker.sent);
    seen += records->size();
  }
  CHECK(seen == 430);
  const auto verified = reader->verify();
  REQUIRE(verified);
  CHECK(verified->is_sound());
  CHECK(verified->records == 430);
  CHECK(verified->unknown_kinds == 0);
}

namespace {

std::string slurp(const std::string& path) {
  std::string bytes;
  REQUIRE(base::read_file(path, bytes, 1U << 30).has_value());
  return bytes;
}

// The offsets in the database where this text stands.
std::vector<std::size_t> places_of(const std::string& bytes, const std::string& text) {
  std::vector<std::size_t> places;
  for (std::size_t at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1))
    places.push_back(at);
  return places;
}

}  // namespace

TEST_CASE("frames: a torn block costs its own ticks and no others") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 11);
  ticker.tick(800);
  const auto before = rows(rig);
  REQUIRE(before.size() > 2);
  const Reader::Entry& victim = before[1];
  rig.spool.reset();
  std::string bytes = slurp(rig.file());
  // The ids stand right before the body.
  const std::string ids = spool::format_ids(victim.ids);
  const auto places = places_of(bytes, ids);
  REQUIRE(!places.empty());
  for (const std::size_t at : places)
    bytes[at + ids.size() + 100] = static_cast<char>(bytes[at + ids.size() + 100] ^ 0x55);
  rig.dir.write("spool/spool.db", bytes);
  CHECK(Reader::open(rig.dir.at("spool"))->verify()->damaged_records == victim.ids.count());

  rig.open();
  std::size_t seen = 0;
  for (auto some = rig.lease(0, up_to(50)); !some.empty(); some = rig.lease(0, up_to(50))) {
    check_same(some, ticker.sent);
    for (const auto& record : some)
      CHECK_FALSE(victim.ids.contains(record.id));
    seen += some.size();
    rig.settle(0, ids_of(some));
  }
  CHECK(seen == 800 - victim.ids.count());
  CHECK(rig.spool->stats().dropped_corrupt == victim.ids.count());
}

TEST_CASE("frames: what is intact in a damaged file is brought over with its shapes") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 12);
  ticker.tick(790);
  const auto loose = rows(rig).size();
  CHECK(loose > 2);
  rig.spool.reset();
  std::string bytes = slurp(rig.file());
  bytes[20] = 'x';  // SQLite refuses this header; the salvage does not need it
  bytes[0] = 'x';
  rig.dir.write("spool/spool.db", bytes);
  rig.open();
  for (int i = 0; i < 50; ++i)
    rig.spool->load_value("x").value();
  const auto all = rig.lease(0, up_to(1000));
  CHECK(all.size() == 790);
  check_same(all, ticker.sent);
  CHECK(rig.spool->stats().salvaged >= loose);
}

TEST_CASE("frames: a block of a newer version stays where it is") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 13);
  ticker.tick(390);
  const auto entry = rows(rig).front();
  rig.spool.reset();
  std::string bytes = slurp(rig.file());
  const std::string ids = spool::format_ids(entry.ids);
  for (const std::size_t at : places_of(bytes, ids))
    bytes[at + ids.size()] = 99;
  rig.dir.write("spool/spool.db", bytes);
  rig.open();
  const auto some = rig.lease(0, up_to(1000));
  CHECK(some.size() == 390 - entry.ids.count());
  CHECK(rig.spool->stats().held.records == 390);
  CHECK(rig.spool->stats().dropped_corrupt == 0);
}

TEST_CASE("frames: a spool of format 1 is upgraded in place, its records stay") {
  Rig rig;
  rig.open();
  const RecordId request = rig.add("not a metrics request");
  rig.spool.reset();
  {
    auto database = spool::Database::open(rig.file());
    REQUIRE(database);
    REQUIRE(
        (*database)->run("DROP TABLE frames; DROP TABLE shapes; DROP TABLE "
                         "shapes_copy; PRAGMA user_version=1"));
    (*database)->close_cleanly();
  }
  CHECK(Reader::open(rig.dir.at("spool"))->verify()->records == 1);
  rig.open();
  Ticker ticker(rig, 15);
  ticker.tick(3);
  const auto all = rig.lease(0, up_to(10));
  REQUIRE(all.size() == 4);
  CHECK(all[0].id == request);
  check_same({all.begin() + 1, all.end()}, ticker.sent);
  CHECK(Reader::open(rig.dir.at("spool"))->format() == 2);
}

TEST_CASE("frames: without room the oldest ticks are thinned before any goes, within the bound") {
  Rig rig;
  auto options = rig.options();
  options.max_size = 1U << 20;
  options.thin_coarsest = 100s;
  options.max_age = 24h * 3650;
  rig.open(options);
  // Noise, so that the bound is near.
  std::map<RecordId, std::string> sent;
  RandomHost host(14);
  const auto shape = *frame::Shape::of(host.tick() + host.tick() + host.tick());
  std::uint64_t state = 1;
  std::uint64_t largest = 0;
  for (int i = 0; i < 6000 && rig.spool->stats().dropped_size == 0; ++i) {
    std::vector<std::uint64_t> numbers;
    for (const frame::Slot& slot : shape->slots()) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      const bool is_value = slot.blank == frame::Blank::integer || slot.blank == frame::Blank::real;
      numbers.push_back(is_value ? state >> 40 : 0);
    }
    const std::string request = shape->fill(numbers);
    rig.spool->append({spool::Signal::metrics, spool::Origin::own, rig.clock.wall(), 1, request},
                      [&sent, request](Result<RecordId> id) {
                        CHECK(id.has_value());
                        if (id) sent[*id] = request;
                      });
    rig.clock.advance(10s);
    if (i % 8 == 7) rig.spool->load_value("x").value();
    largest = std::max(largest, rig.spool->stats().disk_bytes);
  }
  rig.spool->load_value("x").value();
  rig.spool->load_value("x").value();
  CHECK(largest <= 1U << 20);
  const auto stats = rig.spool->stats();
  CHECK(stats.dropped_thinned > 0);
  CHECK(stats.dropped_ever[5] == stats.dropped_thinned);
  CHECK(stats.held.records + stats.dropped_thinned + stats.dropped_size == sent.size());
  CHECK(stats.resolutions.size() > 1);
  CHECK(stats.resolutions.back().step_seconds <= 100);
  CHECK(stats.resolutions.back().from <= stats.resolutions.front().from);

  std::vector<base::UnixNanos> times;
  std::size_t seen = 0;
  for (auto some = rig.lease(0, up_to(100)); !some.empty(); some = rig.lease(0, up_to(100))) {
    check_same(some, sent);
    for (const auto& record : some)
      times.push_back(record.time);
    seen += some.size();
    rig.settle(0, ids_of(some));
  }
  CHECK(seen == stats.held.records);
  CHECK(std::is_sorted(times.begin(), times.end()));
  // Coarse in the past but nowhere beyond the coarsest step, every tick at the end.
  for (std::size_t i = 1; i < times.size(); ++i)
    CHECK(times[i] - times[i - 1] <= 100'000'000'000);
  CHECK(times[1] - times[0] >= 20'000'000'000);
  CHECK(times[seen - 1] - times[seen - 2] == 10'000'000'000);
  CHECK(rig.spool->stats().held.records == 0);
  CHECK(rig.spool->stats().held.bytes == 0);
}
