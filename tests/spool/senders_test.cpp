// SPDX-License-Identifier: Apache-2.0
#include "spool/senders.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "spool/fault_disk.hpp"
#include "spool/rig.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

const std::string kSite(32, 'a');
const std::string kStart(16, '1');

Batch batch_of(const std::vector<Slice>& slices, const std::string& nonce = kStart,
               RecordId first = 1) {
  return {kSite, {{nonce, first, slices}}, "site-0042"};
}

Batch ids(RecordId first, RecordId last, const std::string& nonce = kStart) {
  std::vector<Slice> slices;
  for (RecordId id = first; id <= last; ++id)
    slices.push_back({id, 4});
  return batch_of(slices, nonce);
}

bool has(const Senders& senders, const Batch& batch, RecordId id) {
  return senders.missing(batch, batch.runs[0], {id, 4}).empty();
}

// The items [from, from + items) of record `id`, which has `of`; four bytes each.
Slice piece(RecordId id, std::uint32_t from, std::uint32_t items, std::uint32_t of) {
  return {id, 4 * items, items, from, of};
}

Slice whole(RecordId id, std::uint32_t items) {
  return {id, 4 * items, items};
}

IdSet missing(const Senders& senders, const Slice& slice) {
  const Batch batch = batch_of({slice});
  return senders.missing(batch, batch.runs[0], slice);
}

void commit(Senders& senders, const Batch& batch, base::UnixNanos now = 1) {
  senders.stage(batch, now);
  senders.keep_staged();
}

// Bodies of three bytes and an envelope: what the relay gets for these ids.
NewRecord request(const std::vector<std::string>& bodies) {
  std::string body;
  for (const std::string& one : bodies)
    body += one;
  auto made = record(body, Signal::metrics, Origin::peer);
  made.items = static_cast<std::uint32_t>(bodies.size());
  return made;
}

Result<RecordId> send(Rig& rig, const std::vector<std::string>& bodies, const Batch& batch) {
  auto made = request(bodies);
  made.batch = std::make_shared<const Batch>(batch);
  return rig.spool->append_and_wait(std::move(made));
}

}  // namespace

TEST_CASE("batch: reads what it writes") {
  Batch batch{kSite,
              {{kStart, 7, {{7, 100}, {8, 20}, {12, 1}}}, {std::string(16, '2'), 90, {{90, 3}}}},
              {}};
  const std::string text = format_batch(batch);
  CHECK(text == "1 " + kSite + " 1111111111111111@7 7:100,20 12:1 2222222222222222@90 90:3");
  const auto read = parse_batch(text);
  REQUIRE(read.has_value());
  CHECK(read->installation == kSite);
  CHECK(read->runs == batch.runs);
}

TEST_CASE("batch: what is none") {
  const std::string head = "1 " + kSite;
  for (const std::string& text :
       {std::string(), std::string("2 x"), std::string("1 short 1111111111111111@1 1:2"), head,
        head + " 1:2", head + " 1111111111111111@x 1:2", head + " 111@1 1:2",
        head + " 1111111111111111@1 0:2", head + " 1111111111111111@1 1:0",
        head + " 1111111111111111@1 1:", head + " 1111111111111111@1 1:2,",
        head + " 1111111111111111@1 1:99999999999", head + " 1111111111111111@1 -1:2",
        head + " 1111111111111111@1 4611686018427387904:2", head + std::string(5000, ' ')}) {
    CHECK_FALSE_MESSAGE(parse_batch(text).has_value(), text);
  }
}

TEST_CASE("batch: pieces of a record are named by their items") {
  Batch batch = batch_of({piece(7, 0, 25, 100), {8, 9}, {9, 3}, piece(9, 99, 1, 100)});
  const std::string text = format_batch(batch);
  CHECK(text == "1 " + kSite + " 1111111111111111@1 7/0-24/100:100 8:9,3 9/99-99/100:4");
  const auto read = parse_batch(text);
  REQUIRE(read.has_value());
  CHECK(read->runs == batch.runs);
  CHECK(read->bytes() == 116);
  // A whole record after a piece of the one before it is not taken for the piece's.
  batch.runs[0].slices = {piece(7, 0, 25, 100), {8, 9}};
  CHECK(parse_batch(format_batch(batch))->runs == batch.runs);
}

TEST_CASE("batch: what is no piece") {
  const std::string head = "1 " + kSite + " 1111111111111111@1 ";
  CHECK(parse_batch(head + "7/0-0/1:4").has_value());
  CHECK(parse_batch(head + "7/4294967293-4294967293/4294967294:4").has_value());
  for (const char* text : {"7/0-1/1:4",   "7/1-1/1:4",   "7/2-1/9:4",
                           "7/0-0/0:4",   "7/-0/1:4",    "7/0-/1:4",
                           "7/0/1:4",     "7/0-0:4",     "7/0-0/1:0",
                           "7/0-0/1:4,5", "7/0-0/1:",    "0/0-0/1:4",
                           "/0-0/1:4",    "7/0-0/1/2:4", "7/0-0/4294967296:4",
                           "7/-1-0/1:4",  "7/0--1/1:4",  "7/0x0-0/1:4",
                           "7//:4",       "7/-/:4",      "4611686018427387904/0-0/1:4"}) {
    CHECK_FALSE_MESSAGE(parse_batch(head + text).has_value(), text);
  }
}

TEST_CASE("batch: five hundred records fit a header, more than fit go without") {
  std::vector<Slice> slices;
  for (RecordId id = 1'000'000; id < 1'000'500; ++id)
    slices.push_back({id, 123'456});
  CHECK(format_batch(batch_of(slices)).size() < kMaxBatchHeader);
  for (RecordId id = 1'000'500; id < 1'000'700; ++id)
    slices.push_back({id, 123'456});
  CHECK(format_batch(batch_of(slices)).empty());
}

TEST_CASE("senders: staged is there until the commit fails") {
  Senders senders;
  const Batch batch = ids(1, 3);
  senders.stage(batch, 1);
  CHECK(has(senders, batch, 2));
  senders.forget_staged();
  CHECK_FALSE(has(senders, batch, 2));
  // The failed commit may be on the disk: its row is taken back.
  CHECK(senders.owed().begin()->second.empty());
  commit(senders, batch);
  CHECK(has(senders, batch, 2));
  CHECK_FALSE(has(senders, batch, 4));
}

TEST_CASE("senders: gaps, repeats and clones are told") {
  Senders senders;
  commit(senders, ids(1, 3), 5);
  commit(senders, ids(6, 9), 7);
  commit(senders, ids(8, 10), 9);
  auto report = senders.report();
  REQUIRE(report.size() == 1);
  CHECK(report[0].peer == "site-0042");
  CHECK(report[0].records == 8);
  CHECK(report[0].missing == 2);
  CHECK(report[0].repeats == 2);
  CHECK(report[0].since == 5);
  CHECK(report[0].last == 9);
  CHECK_FALSE(report[0].is_cloned);
  commit(senders, batch_of({{11, 4}}, std::string(16, '2'), 11));  // a restart
  CHECK_FALSE(senders.report()[0].is_cloned);
  commit(senders, batch_of({{11, 4}, {12, 4}}, std::string(16, '3'), 11));  // another machine
  CHECK(senders.report()[0].is_cloned);
  CHECK(senders.report()[0].records == 11);
}

TEST_CASE("senders: bounded in starts and ranges, and never takes for stored what is not") {
  Senders senders;
  for (RecordId id = 1; id <= 4000; id += 2)
    commit(senders, ids(id, id));
  const Batch any = ids(1, 1);
  for (RecordId id = 2; id <= 4000; id += 2)
    CHECK_FALSE(has(senders, any, id));
  CHECK(has(senders, any, 3999));
  CHECK(senders.report()[0].records == Senders::kMaxRanges);
  for (int start = 0; start < 200; ++start)
    commit(senders, ids(1, 1, fmt::format("{:016}", start)), 100 + start);
  senders.saved();
  senders.all_owed();
  CHECK(senders.owed().size() == Senders::kMaxStarts);
}

TEST_CASE("senders: rows survive the file, unreadable ones are left out") {
  Senders senders;
  commit(senders, ids(5, 9), 3);
  senders.all_owed();
  Senders again;
  for (const auto& [name, value] : senders.owed())
    again.restore(name, value);
  again.restore(".sender.x/y", "1 2");
  again.restore(".sender.x/z", "1 2 3 4 9-1\n");
  again.restore("other", "1 2 3 4 9\n");
  const auto report = again.report();
  REQUIRE(report.size() == 1);
  CHECK(report[0].records == 5);
  CHECK(report[0].peer == "site-0042");
}

TEST_CASE("senders: a record in pieces is stored when the last one is") {
  Senders senders;
  commit(senders, batch_of({whole(6, 1), piece(7, 10, 10, 30)}));
  CHECK(format_ids(missing(senders, whole(7, 30))) == "0-9 20-29");
  CHECK(format_ids(missing(senders, piece(7, 5, 10, 30))) == "5-9");
  CHECK(missing(senders, piece(7, 12, 3, 30)).empty());
  CHECK(senders.report().at(0).records == 1);
  CHECK(senders.report().at(0).missing == 6);  // 1 to 5, and 7
  commit(senders, batch_of({piece(7, 20, 10, 30)}));
  CHECK(senders.report().at(0).repeats == 0);
  SUBCASE("with its last piece") {
    commit(senders, batch_of({piece(7, 0, 12, 30)}));
  }
  SUBCASE("with all of it") {
    commit(senders, batch_of({whole(7, 30)}));
  }
  CHECK(missing(senders, whole(7, 30)).empty());
  CHECK(missing(senders, piece(7, 0, 1, 30)).empty());
  CHECK(senders.report().at(0).records == 2);
  CHECK(senders.report().at(0).missing == 5);
  CHECK(senders.report().at(0).repeats == 1);
}

TEST_CASE("senders: items that are numbered anew are not taken for stored ones") {
  Senders senders;
  commit(senders, batch_of({piece(7, 0, 10, 30)}));
  CHECK(missing(senders, piece(7, 0, 10, 20)).count() == 10);
  CHECK(missing(senders, whole(7, 20)).count() == 20);
  commit(senders, batch_of({piece(7, 10, 10, 20)}));
  CHECK(missing(senders, piece(7, 0, 30, 30)).count() == 30);
  CHECK(format_ids(missing(senders, whole(7, 20))) == "0-9");
}

TEST_CASE("senders: pieces are bounded, the one that waits longest for its next goes first") {
  Senders senders;
  commit(senders, batch_of({piece(1, 0, 1, 9), piece(2, 0, 1, 9)}));
  for (RecordId id = 3; id < 3 + Senders::kMaxParts - 2; ++id)
    commit(senders, batch_of({piece(id, 0, 1, 9)}));
  commit(senders, batch_of({piece(1, 1, 1, 9)}));
  CHECK(missing(senders, piece(2, 0, 1, 9)).empty());
  commit(senders, batch_of({piece(9999, 0, 1, 9)}));
  CHECK_FALSE(missing(senders, piece(2, 0, 1, 9)).empty());
  CHECK(format_ids(missing(senders, whole(1, 9))) == "2-8");
  // A record with more holes than are kept is known no more, and nothing of it is lost.
  for (std::uint32_t from = 0; from <= 2 * Senders::kMaxParts; from += 2)
    commit(senders, batch_of({piece(5000, from, 1, 9999)}));
  CHECK(missing(senders, whole(5000, 9999)).count() == 9999);
  senders.all_owed();
  CHECK(senders.owed().begin()->second.size() < 8192);
}

TEST_CASE("senders: pieces survive the file, and what cannot be read of them is not stored") {
  Senders senders;
  commit(senders, batch_of({whole(3, 1), piece(7, 10, 10, 30), piece(8, 0, 1, 2)}), 3);
  senders.all_owed();
  const auto [name, value] = *senders.owed().begin();
  CHECK(value == "1 3 3 0 3\nsite-0042\n7/30 10-19\n8/2 0");
  Senders again;
  again.restore(name, value + "\n9/5 0-5\nx/5 0\n10/5\n11 0-1\n12/9 4-1");
  CHECK(format_ids(missing(again, whole(7, 30))) == "0-9 20-29");
  CHECK(format_ids(missing(again, whole(8, 2))) == "1");
  for (RecordId id = 9; id <= 12; ++id)
    CHECK(missing(again, whole(id, 5)).count() == 5);
  CHECK(again.report().at(0).peer == "site-0042");
  CHECK(again.report().at(0).missing == 7);
  // As an edgehaul without pieces wrote it, and a peer's name that holds a newline.
  Senders older;
  older.restore(name, "1 3 3 0 3\nsite");
  CHECK(older.report().at(0).peer == "site");
  Batch odd = batch_of({piece(7, 0, 1, 2)});
  odd.peer = "a\n7/2 0-1";
  commit(older, odd);
  older.all_owed();
  CHECK(older.owed().begin()->second == "1 3 1 0 3\na\n7/2 0");
}

TEST_CASE("senders: pieces of a failed commit are taken back") {
  Senders senders;
  commit(senders, batch_of({piece(7, 0, 1, 3)}));
  senders.stage(batch_of({piece(7, 1, 2, 3)}), 2);
  CHECK(missing(senders, whole(7, 3)).empty());
  senders.forget_staged();
  CHECK(format_ids(missing(senders, whole(7, 3))) == "1-2");
  CHECK(senders.owed().begin()->second.ends_with("\n7/3 0"));
}

TEST_CASE("spool: a record of a sender is stored once") {
  Rig rig;
  rig.open();
  CHECK(send(rig, {"one ", "two "}, batch_of({{1, 4}, {2, 4}})).has_value());
  SUBCASE("while it runs") {}
  SUBCASE("over a restart") {
    rig.open();
  }
  // All of it again: an answer, and nothing stored.
  const auto again = send(rig, {"one ", "two "}, batch_of({{1, 4}, {2, 4}}));
  REQUIRE(again.has_value());
  CHECK(*again == 0);
  // In part.
  CHECK(send(rig, {"two ", "three"}, batch_of({{2, 4}, {3, 5}})).value() > 0);
  CHECK(rig.bodies(0) == std::vector<std::string>{"one two ", "three"});
  const auto senders = rig.spool->senders();
  REQUIRE(senders.size() == 1);
  CHECK(senders[0].records == 3);
  CHECK(senders[0].missing == 0);
  CHECK(senders[0].repeats == 3);
  CHECK(rig.spool->stats().held.records == 2);
}

TEST_CASE("spool: repeats that wait for the same commit are seen") {
  Rig rig;
  rig.open();
  std::atomic<int> answered{0};
  for (int i = 0; i < 20; ++i) {
    auto made = request({"same"});
    made.batch = std::make_shared<const Batch>(batch_of({{7, 4}}));
    rig.spool->append(std::move(made), [&](Result<RecordId> id) {
      CHECK(id.has_value());
      ++answered;
    });
  }
  while (answered < 20)
    std::this_thread::yield();
  CHECK(rig.bodies(0) == std::vector<std::string>{"same"});
}

TEST_CASE("spool: another machine of the same image is told apart") {
  Rig rig;
  rig.open();
  CHECK(send(rig, {"mine"}, batch_of({{5, 4}}, std::string(16, '1'), 5)).value() > 0);
  CHECK(send(rig, {"hers"}, batch_of({{5, 4}}, std::string(16, '2'), 5)).value() > 0);
  CHECK(rig.bodies(0) == std::vector<std::string>{"mine", "hers"});
  CHECK(rig.spool->senders().at(0).is_cloned);
}

TEST_CASE("spool: lengths that do not fit the body name nothing") {
  Rig rig;
  rig.open();
  for (int i = 0; i < 2; ++i)
    CHECK(send(rig, {"body"}, batch_of({{1, 9}})).value() > 0);
  CHECK(rig.bodies(0).size() == 2);
  CHECK(rig.spool->senders().empty());
}

namespace {

// Records of four-byte items, sent in whatever cuts, and what of them was acknowledged.
struct Site {
  explicit Site(unsigned seed) : engine(seed) {
    for (RecordId id = 1; id <= 12; ++id) {
      std::string& body = bodies[id];
      for (unsigned i = 0, items = 1 + pick(id % 4 == 0 ? 3 : 40); i < items; ++i)
        body += fmt::format("{:02}{:02}", id, i);
    }
  }
  unsigned pick(unsigned below) { return static_cast<unsigned>(engine() % below); }
  std::uint32_t items(RecordId id) const {
    return static_cast<std::uint32_t>(bodies.at(id).size() / 4);
  }
  // A run of the record's items; all of them go under the record's own name, mostly.
  Slice any_slice(RecordId id) {
    const std::uint32_t from = pick(3) == 0 ? 0 : pick(items(id));
    const std::uint32_t count = pick(3) == 0 ? items(id) - from : 1 + pick(items(id) - from);
    if (count == items(id) && pick(4) > 0) return whole(id, count);
    return piece(id, from, count, items(id));
  }
  NewRecord request(const std::vector<Slice>& slices) const {
    Batch batch = batch_of(slices);
    batch.cut = [](const Slice& slice, std::string_view bytes, const IdSet& places) {
      std::string out;
      for (const RecordId place : places.list())
        out += bytes.substr(4 * (place - slice.from), 4);
      return out;
    };
    NewRecord made = record({}, Signal::metrics, Origin::peer);
    made.items = 0;
    for (const Slice& slice : slices) {
      made.body += bodies.at(slice.id).substr(4 * slice.from, slice.length);
      made.items += slice.items;
    }
    made.batch = std::make_shared<const Batch>(std::move(batch));
    return made;
  }

  std::mt19937 engine;
  std::map<RecordId, std::string> bodies;
};

}  // namespace

TEST_CASE("spool: whatever pieces come, repeated and in any order, each item is stored once") {
  for (unsigned seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    Rig rig;
    rig.open();
    Site site(seed);
    for (int step = 0; step < 40; ++step) {
      if (site.pick(20) == 0) rig.open();
      std::vector<Slice> slices;
      const RecordId first = 1 + site.pick(12);
      for (RecordId id = first; id <= std::min<RecordId>(12, first + site.pick(3)); ++id)
        slices.push_back(site.any_slice(id));
      // Some wait for the same commit as the one after them.
      if (site.pick(3) == 0) {
        rig.spool->append(site.request(slices), [](Result<RecordId> id) { CHECK(id.has_value()); });
      } else {
        REQUIRE(rig.spool->append_and_wait(site.request(slices)).has_value());
      }
    }
    for (RecordId id = 1; id <= 12; ++id)
      REQUIRE(rig.spool->append_and_wait(site.request({whole(id, site.items(id))})).has_value());
    std::vector<std::string> stored;
    for (const Record& record : rig.lease(0)) {
      CHECK(record.items == record.body.size() / 4);
      for (std::size_t at = 0; at < record.body.size(); at += 4)
        stored.push_back(record.body.substr(at, 4));
    }
    std::vector<std::string> sent;
    for (const auto& [id, body] : site.bodies) {
      for (std::size_t at = 0; at < body.size(); at += 4)
        sent.push_back(body.substr(at, 4));
    }
    std::sort(stored.begin(), stored.end());
    CHECK(stored == sent);
    const SenderReport report = rig.spool->senders().at(0);
    CHECK(report.records == 12);
    CHECK(report.missing == 0);
  }
}

TEST_CASE("spool: what is cut stays so when its commit is tried again") {
  FaultDisk disk;
  Rig rig;
  rig.open();
  Site site(1);
  const std::uint32_t items = site.items(1);
  REQUIRE(items > 4);
  const auto send = [&](const Slice& slice) {
    return rig.spool->append_and_wait(site.request({slice})).value();
  };
  CHECK(send(piece(1, 2, 2, items)) > 0);
  FaultDisk::one_sync_fault = SQLITE_IOERR_FSYNC;
  CHECK(send(whole(1, items)) > 0);
  CHECK(FaultDisk::one_sync_fault == SQLITE_OK);
  SUBCASE("while it runs") {}
  SUBCASE("over a restart") {
    rig.open();
  }
  CHECK(send(whole(1, items)) == 0);
  const std::string& body = site.bodies[1];
  CHECK(rig.bodies(0) ==
        std::vector<std::string>{body.substr(8, 8), body.substr(0, 8) + body.substr(16)});
  CHECK(rig.spool->senders().at(0).records == 1);
}

TEST_CASE("spool: what cannot be cut is stored again rather than lost") {
  Rig rig;
  rig.open();
  CHECK(send(rig, {"one "}, batch_of({piece(1, 0, 1, 2)})).value() > 0);
  CHECK(send(rig, {"one two "}, batch_of({whole(1, 2)})).value() > 0);
  CHECK(send(rig, {"one two "}, batch_of({whole(1, 2)})).value() == 0);
  CHECK(rig.bodies(0) == std::vector<std::string>{"one ", "one two "});
}
