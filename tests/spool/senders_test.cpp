// SPDX-License-Identifier: Apache-2.0
#include "spool/senders.hpp"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

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
  CHECK(senders.contains(batch, batch.runs[0], 2));
  senders.forget_staged();
  CHECK_FALSE(senders.contains(batch, batch.runs[0], 2));
  // The failed commit may be on the disk: its row is taken back.
  CHECK(senders.owed().begin()->second.empty());
  commit(senders, batch);
  CHECK(senders.contains(batch, batch.runs[0], 2));
  CHECK_FALSE(senders.contains(batch, batch.runs[0], 4));
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
    CHECK_FALSE(senders.contains(any, any.runs[0], id));
  CHECK(senders.contains(any, any.runs[0], 3999));
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
