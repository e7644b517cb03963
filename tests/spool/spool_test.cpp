// SPDX-License-Identifier: Apache-2.0
#include "spool/spool.hpp"

#include <atomic>
#include <thread>

#include "base/codec.hpp"
#include "rig.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;
using Ids = std::vector<RecordId>;

TEST_CASE("spool: what goes in comes out, with all that was said about it") {
  Rig rig;
  rig.open();
  NewRecord in = record(std::string(5000, 'x'), Signal::logs, Origin::peer, 1234567);
  in.items = 77;
  const auto id = rig.spool->append_and_wait(in);
  REQUIRE(id.has_value());
  const auto out = rig.lease(0);
  REQUIRE(out.size() == 1);
  CHECK(out[0].id == *id);
  CHECK(out[0].signal == Signal::logs);
  CHECK(out[0].origin == Origin::peer);
  CHECK(out[0].time == 1234567);
  CHECK(out[0].items == 77);
  CHECK(out[0].body == in.body);
  CHECK(rig.spool->stats().held.bytes < 200);  // packed
}

TEST_CASE("spool: a body that came under zstd is kept as it came, where that is smaller") {
  Rig rig;
  rig.open();
  NewRecord in = record(noise(300, 1) + noise(300, 1) + noise(300, 1), Signal::logs, Origin::peer);
  in.coded = {codec::Coding::zstd,
              *codec::encode(codec::Coding::zstd, in.body, 19) +
                  *codec::encode(codec::Coding::zstd, "")};  // of no other size
  REQUIRE(rig.spool->append_and_wait(in).has_value());
  CHECK(rig.spool->stats().held.bytes == in.coded.bytes.size());
  NewRecord noisy = record(noise(900, 2), Signal::logs, Origin::peer);
  noisy.coded = {codec::Coding::zstd, *codec::encode(codec::Coding::zstd, noisy.body)};
  REQUIRE(noisy.coded.bytes.size() > noisy.body.size());
  REQUIRE(rig.spool->append_and_wait(noisy).has_value());
  CHECK(rig.spool->stats().held.bytes == in.coded.bytes.size() + noisy.body.size());
  CHECK(rig.bodies(0, {}) == std::vector<std::string>{in.body, noisy.body});
}

TEST_CASE("spool: leases come in order, one signal at a time, within bytes and records") {
  Rig rig;
  rig.open();
  for (const char* body : {"1", "2", "3"})
    rig.add(body);
  rig.add("log", Signal::logs);
  rig.add("4");
  Wanted wanted;
  wanted.max_records = 2;
  CHECK(rig.bodies(0, wanted) == std::vector<std::string>{"1", "2"});
  wanted.order = Order::newest_first;
  wanted.max_records = 1;
  CHECK(rig.bodies(0, wanted) == std::vector<std::string>{"4"});
  // The newest left is a log record, so logs it is.
  wanted.max_records = 10;
  CHECK(rig.bodies(0, wanted) == std::vector<std::string>{"log"});
  CHECK(rig.bodies(0, wanted) == std::vector<std::string>{"3"});
  CHECK(rig.bodies(0, wanted).empty());
}

TEST_CASE("spool: a lease stops before max_bytes, but one large record comes alone") {
  Rig rig;
  rig.open();
  rig.add(noise(1000, 1));
  rig.add(noise(1000, 2));
  rig.add(noise(9000, 3));
  Wanted wanted;
  wanted.max_bytes = 2500;
  CHECK(rig.lease(0, wanted).size() == 2);
  CHECK(rig.lease(0, wanted).size() == 1);
}

TEST_CASE("spool: after and before fence a lease in") {
  Rig rig;
  rig.open();
  Ids ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(rig.add(std::to_string(i)));
  Wanted wanted;
  wanted.after = ids[0];
  wanted.before = ids[3];
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{ids[1], ids[2]});
}

TEST_CASE("spool: the newest of our own is found among peers' records") {
  Rig rig;
  rig.open();
  const RecordId first = rig.add("own");
  const RecordId second = rig.add("own");
  for (int i = 0; i < 20; ++i) {
    REQUIRE(rig.spool->append_and_wait(record("peer", Signal::metrics, Origin::peer)));
  }
  Wanted wanted;
  wanted.order = Order::newest_first;
  wanted.origin = Origin::own;
  wanted.max_records = 1;
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{second});
  wanted.after = second;
  CHECK(rig.lease(0, wanted).empty());
  wanted.after = 0;
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{first});
  CHECK(rig.lease(0).size() == 20);
}

TEST_CASE("spool: a wanted signal is found behind many others, again and again") {
  Rig rig;
  rig.open();
  for (int i = 0; i < 20; ++i)
    rig.add("m");
  const RecordId log = rig.add("log", Signal::logs);
  Wanted wanted;
  wanted.signal = Signal::logs;
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{log});
  CHECK(rig.lease(0, wanted).empty());
  rig.settle(0, {log}, Outcome::returned);
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{log});
  const RecordId next = rig.add("log", Signal::logs);
  CHECK(ids_of(rig.lease(0, wanted)) == Ids{next});
}

TEST_CASE("spool: a record goes when every destination has settled it, in whatever order") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  const Ids ids{rig.add("1"), rig.add("2"), rig.add("3")};
  rig.lease(0);
  rig.settle(0, {ids[2], ids[0]});
  Stats stats = rig.spool->stats();
  CHECK(stats.held.records == 3);
  CHECK(stats.destinations[0].waiting.records == 1);
  CHECK(rig.spool->waiting(0).records == 1);
  CHECK(rig.spool->waiting(9).records == 0);
  CHECK(stats.destinations[0].leased == 1);
  CHECK(stats.destinations[1].waiting.items == 9);
  CHECK(ids_of(rig.lease(1)) == ids);
  rig.settle(1, {ids[0], ids[1]});
  CHECK(rig.spool->stats().held.records == 2);
  rig.settle(0, {ids[1]});
  rig.settle(1, {ids[2]});
  stats = rig.spool->stats();
  CHECK(stats.held.records == 0);
  CHECK(stats.held.bytes == 0);
  CHECK(stats.destinations[1].waiting.bytes == 0);
  CHECK(stats.oldest == 0);
}

TEST_CASE("spool: settling twice, or what was never leased, changes nothing") {
  Rig rig;
  rig.open();
  const Ids ids{rig.add("1"), rig.add("2")};
  rig.settle(0, ids);
  CHECK(rig.spool->stats().held.records == 2);
  Wanted one;
  one.max_records = 1;
  rig.lease(0, one);
  rig.settle(0, {ids[0]});
  rig.settle(0, {ids[0]});
  CHECK(rig.spool->stats().held.records == 1);
  CHECK(rig.spool->lease(7, {})->empty());
}

TEST_CASE("spool: a restart keeps records, progress and values, and returns leases") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  Ids ids;
  for (int i = 0; i < 6; ++i)
    ids.push_back(rig.add(std::to_string(i)));
  rig.lease(0);
  rig.settle(0, {ids[1], ids[4]});
  REQUIRE(rig.spool->save_value("sequence", "41").has_value());
  REQUIRE(rig.spool->save_value("sequence", "42").has_value());
  rig.open();
  CHECK(*rig.spool->load_value("sequence") == "42");
  CHECK(*rig.spool->load_value("nothing") == std::nullopt);
  CHECK(rig.spool->stats().destinations[0].waiting.records == 4);
  CHECK(ids_of(rig.lease(0)) == Ids{ids[0], ids[2], ids[3], ids[5]});
  CHECK(ids_of(rig.lease(1)) == ids);
  rig.settle(1, ids);
  CHECK(rig.spool->stats().held.records == 4);
  // Ids go on even where the table was emptied.
  rig.settle(0, {ids[0], ids[2], ids[3], ids[5]});
  rig.open();
  CHECK(rig.spool->stats().held.records == 0);
  CHECK(rig.add("next") == ids.back() + 1);
}

TEST_CASE("spool: a new destination sees all that is held, one that is gone holds nothing up") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  const Ids ids{rig.add("1"), rig.add("2")};
  rig.lease(0);
  rig.settle(0, {ids[0]});
  rig.destinations = {"a"};
  rig.open();
  CHECK(rig.spool->stats().held.records == 1);
  rig.destinations = {"c", "a"};
  rig.open();
  CHECK(ids_of(rig.lease(0)) == Ids{ids[1]});
  CHECK(ids_of(rig.lease(1)) == Ids{ids[1]});
}

TEST_CASE("spool: with no destination records stay") {
  Rig rig;
  rig.destinations = {};
  rig.open();
  rig.add("1");
  rig.open();
  CHECK(rig.spool->stats().held.records == 1);
  CHECK(rig.spool->lease(0, {})->empty());
}

TEST_CASE("spool: rejected records are set aside, bounded, and the words with them") {
  Rig rig;
  rig.open();
  Options options = rig.options();
  options.set_aside_size = 20'000;
  rig.open(options);
  for (std::uint64_t i = 0; i < 5; ++i) {
    const RecordId id = rig.add(noise(6000, i));
    rig.lease(0);
    rig.settle(0, {id}, Outcome::rejected, "bad \xff token");
  }
  const Stats stats = rig.spool->stats();
  CHECK(stats.held.records == 0);
  CHECK(stats.set_aside == 3);
  CHECK(stats.dropped_rejected == 2);
}

TEST_CASE("spool: appends that wait together share a commit") {
  Rig rig;
  Options options = rig.options();
  options.commit_delay = 50ms;
  rig.open(options);
  constexpr int kRecords = 300;
  std::atomic<int> answered{0};
  std::atomic<bool> ascends{true};
  RecordId last = 0;
  for (int i = 0; i < kRecords; ++i) {
    rig.spool->append(record("x"), [&](Result<RecordId> id) {
      if (!id || *id <= last) ascends = false;
      last = id.value_or(last);
      ++answered;
    });
  }
  rig.spool->stop(10s);
  CHECK(answered == kRecords);
  CHECK(ascends);
  CHECK(rig.spool->stats().commits < kRecords / 10);
  CHECK_FALSE(rig.spool->append_and_wait(record("late")).has_value());
  CHECK(rig.spool->lease(0, {}).error().code == Errc::unavailable);
}

TEST_CASE("spool: many threads at once") {
  Rig rig;
  base::SystemClock clock;
  Options options = rig.options();
  options.destinations = {"a", "b"};
  auto spool = Spool::open(options, clock, {});
  REQUIRE(spool.has_value());
  Spool& shared = **spool;
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::atomic<int> notified{0};
  shared.on_append([&] { ++notified; });
  std::atomic<int> delivered[2] = {0, 0};
  std::atomic<bool> has_failed{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto signal = t % 2 == 0 ? Signal::metrics : Signal::logs;
        if (!shared.append_and_wait(record(noise(500, static_cast<std::uint64_t>(i)), signal)))
          has_failed = true;
        if (i % 16 == 0) has_failed = has_failed || shared.stats().max_size == 0;
      }
    });
  }
  for (std::size_t d = 0; d < 2; ++d) {
    threads.emplace_back([&, d] {
      Wanted wanted;
      wanted.order = d == 0 ? Order::oldest_first : Order::newest_first;
      wanted.max_records = 16;
      while (delivered[d] < kThreads * kEach && !has_failed) {
        const auto records = shared.lease(d, wanted);
        if (!records) has_failed = true;
        if (!records || records->empty()) continue;
        if (!shared.settle(d, ids_of(*records), Outcome::delivered)) has_failed = true;
        delivered[d] += static_cast<int>(records->size());
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK_FALSE(has_failed);
  CHECK(delivered[0] == kThreads * kEach);
  CHECK(delivered[1] == kThreads * kEach);
  CHECK(shared.stats().held.records == 0);
  CHECK(notified > 0);
}

TEST_CASE("spool: a second owner is refused and told whose it is") {
  Rig rig;
  rig.open();
  const auto second = Spool::open(rig.options(), rig.clock, {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
  rig.spool.reset();
  CHECK(Spool::open(rig.options(), rig.clock, {}).has_value());
}

TEST_CASE("spool: own values keep their bounds and their names") {
  Rig rig;
  rig.open();
  CHECK_FALSE(rig.spool->save_value(".age", "1").has_value());
  CHECK_FALSE(rig.spool->save_value("", "1").has_value());
  CHECK_FALSE(rig.spool->save_value("k", std::string(70'000, 'x')).has_value());
  CHECK(rig.spool->save_value("k", "").has_value());
  CHECK(*rig.spool->load_value("k") == "");
}
