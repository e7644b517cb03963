// SPDX-License-Identifier: Apache-2.0
#include "forward/job.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "fakes.hpp"

using namespace edgehaul;
using forward::Job;
using forward::Kind;
using forward::Next;
using forward::Verdict;
using spool::Outcome;

namespace {

constexpr std::size_t kLarge = 3'500'000;

Verdict verdict(Kind kind, std::string words = "words") {
  Verdict out;
  out.kind = kind;
  out.words = std::move(words);
  return out;
}

std::vector<spool::Record> records(unsigned count, unsigned first = 1) {
  std::vector<spool::Record> out;
  for (unsigned i = 0; i < count; ++i) {
    spool::Record record;
    record.id = first + i;
    record.items = 1;
    record.body = test::numbered(first + i);
    out.push_back(std::move(record));
  }
  return out;
}

spool::Record record(spool::RecordId id, std::string body,
                     spool::Signal signal = spool::Signal::metrics, std::uint32_t items = 1) {
  spool::Record out;
  out.id = id;
  out.body = std::move(body);
  out.signal = signal;
  out.items = items;
  return out;
}

// What became of the records, gathered over a job's life.
struct Fates {
  std::vector<spool::RecordId> delivered;
  std::map<spool::RecordId, std::string> refused;
  void take(Job& job) {
    for (const auto& settlement : job.take_settled()) {
      for (const auto id : settlement.ids) {
        if (settlement.outcome == Outcome::delivered) delivered.push_back(id);
        if (settlement.outcome == Outcome::rejected) refused[id] = settlement.words;
      }
    }
  }
};

}  // namespace

TEST_CASE("job: merges a lease into one request") {
  Job job(records(5), kLarge);
  CHECK(test::numbers_in(job.body()) == std::vector<unsigned>{1, 2, 3, 4, 5});
  CHECK(job.items() == 5);
  CHECK(job.is_untouched());
  CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);
  CHECK(job.is_done());
  const auto settled = job.take_settled();
  REQUIRE(settled.size() == 1);
  CHECK(settled[0].ids.size() == 5);
  CHECK(settled[0].items == 5);
  CHECK(job.open_ids().empty());
}

TEST_CASE("job: profiles and other signals do not merge") {
  std::vector<spool::Record> mixed;
  mixed.push_back(record(1, "p", spool::Signal::profiles));
  mixed.push_back(record(2, "q", spool::Signal::profiles));
  mixed.push_back(record(3, test::numbered(3)));
  mixed.push_back(record(4, test::numbered(4), spool::Signal::logs));
  Job job(std::move(mixed), kLarge);
  std::vector<std::size_t> sizes;
  while (!job.is_done()) {
    sizes.push_back(job.record_count());
    job.apply(verdict(Kind::delivered));
  }
  CHECK(sizes == std::vector<std::size_t>{1, 1, 1, 1});
}

TEST_CASE("job: k guilty among n are set aside, all others delivered once and in order") {
  std::mt19937 engine(7);
  for (const unsigned n : {1U, 2U, 3U, 10U, 64U, 333U}) {
    for (const unsigned k : {0U, 1U, 2U, n / 2, n}) {
      std::set<unsigned> guilty;
      while (guilty.size() < std::min(k, n))
        guilty.insert(1 + static_cast<unsigned>(engine() % n));
      CAPTURE(n);
      CAPTURE(k);
      Job job(records(n), kLarge);
      Fates fates;
      unsigned requests = 0;
      while (!job.is_done()) {
        REQUIRE(++requests < 2 * n + 2);
        const auto numbers = test::numbers_in(job.body());
        const bool is_bad = std::any_of(numbers.begin(), numbers.end(),
                                        [&](unsigned i) { return guilty.count(i) > 0; });
        CHECK(job.apply(verdict(is_bad ? Kind::reject : Kind::delivered, "400: no")) ==
              Next::go_on);
        fates.take(job);
      }
      CHECK(fates.delivered.size() + fates.refused.size() == n);
      CHECK(std::is_sorted(fates.delivered.begin(), fates.delivered.end()));
      CHECK(std::adjacent_find(fates.delivered.begin(), fates.delivered.end()) ==
            fates.delivered.end());
      REQUIRE(fates.refused.size() == guilty.size());
      for (const auto& [id, words] : fates.refused) {
        CHECK(guilty.count(static_cast<unsigned>(id)) == 1);
        CHECK(words == "400: no");
      }
    }
  }
}

TEST_CASE("job: too large is split by records, then inside the record") {
  std::vector<spool::Record> lease = records(3);
  lease.push_back(record(4, test::gauge("g", 100), spool::Signal::metrics, 100));
  Job job(std::move(lease), kLarge);
  Fates fates;
  std::vector<unsigned> times;
  constexpr std::size_t limit = 300;
  int requests = 0;
  while (!job.is_done()) {
    REQUIRE(++requests < 100);
    const std::string body(job.body());
    if (body.size() > limit) {
      CHECK(job.apply(verdict(Kind::split)) == Next::go_on);
      continue;
    }
    for (const unsigned time : test::times_in(body))
      times.push_back(time);
    // Not before its last piece.
    CHECK(std::find(fates.delivered.begin(), fates.delivered.end(), 4) == fates.delivered.end());
    job.apply(verdict(Kind::delivered));
    fates.take(job);
  }
  CHECK(fates.delivered == std::vector<spool::RecordId>{1, 2, 3, 4});
  REQUIRE(times.size() == 100);
  for (unsigned i = 0; i < 100; ++i)
    CHECK(times[i] == i);
}

TEST_CASE("job: a record over the bound goes in pieces from the start") {
  std::vector<spool::Record> lease;
  lease.push_back(record(1, test::gauge("g", 100), spool::Signal::metrics, 100));
  Job job(std::move(lease), 300);
  CHECK(job.is_untouched());
  CHECK(job.open_ids() == std::vector<spool::RecordId>{1});
  unsigned points = 0;
  while (!job.is_done()) {
    CHECK(job.body().size() <= 300);
    CHECK(job.take_settled().empty());
    points += static_cast<unsigned>(test::times_in(job.body()).size());
    job.apply(verdict(Kind::delivered));
    CHECK_FALSE(job.is_untouched());
  }
  CHECK(points == 100);
  const auto settled = job.take_settled();
  REQUIRE(settled.size() == 1);
  CHECK(settled[0].outcome == Outcome::delivered);
  CHECK(settled[0].items == 100);
}

TEST_CASE("job: one refused piece condemns the record, the others still go") {
  std::vector<spool::Record> lease;
  lease.push_back(record(1, test::gauge("g", 100), spool::Signal::metrics, 100));
  Job job(std::move(lease), 150);
  unsigned accepted = 0;
  for (unsigned i = 0; !job.is_done(); ++i) {
    if (i != 1) ++accepted;
    job.apply(i == 1 ? verdict(Kind::reject, "400: bad") : verdict(Kind::delivered));
  }
  CHECK(accepted > 3);
  const auto settled = job.take_settled();
  REQUIRE(settled.size() == 1);
  CHECK(settled[0].outcome == Outcome::rejected);
  CHECK(settled[0].words == "400: bad");
}

TEST_CASE("job: too large and not divisible is refused") {
  for (const auto signal : {spool::Signal::metrics, spool::Signal::profiles}) {
    std::vector<spool::Record> lease;
    lease.push_back(record(1, test::gauge("g", 1), signal));
    Job job(std::move(lease), kLarge);
    CHECK(job.apply(verdict(Kind::split, "413")) == Next::go_on);
    CHECK(job.is_done());
    Fates fates;
    fates.take(job);
    CHECK(fates.refused.count(1) == 1);
  }
}

TEST_CASE("job: passing troubles and holds keep everything") {
  for (const Kind kind : {Kind::retry, Kind::hold}) {
    Job job(records(10), kLarge);
    for (int i = 0; i < 1000; ++i)
      CHECK(job.apply(verdict(kind)) == Next::wait);
    CHECK(job.record_count() == 10);
    CHECK(job.is_untouched());
    CHECK(job.take_settled().empty());
  }
}

TEST_CASE("job: what is too slow again and again goes in smaller requests") {
  Job job(records(10), kLarge);
  auto slow = verdict(Kind::retry);
  slow.is_slow = true;
  for (unsigned i = 0; i < Job::kSlowTries; ++i) {
    CHECK(job.record_count() == 10);
    job.apply(slow);
  }
  CHECK(job.record_count() == 5);
  // One item cannot be cut; it stays.
  Job one(records(1), kLarge);
  for (int i = 0; i < 20; ++i)
    CHECK(one.apply(slow) == Next::wait);
  CHECK(one.open_ids().size() == 1);
  CHECK(one.take_settled().empty());
}

TEST_CASE("job: a doubtful answer condemns only what others prove guilty") {
  Job job(records(8), kLarge);
  Fates fates;
  int requests = 0;
  while (!job.is_done()) {
    REQUIRE(++requests < 100);
    const auto numbers = test::numbers_in(job.body());
    const bool is_bad = std::count(numbers.begin(), numbers.end(), 3) > 0;
    job.apply(verdict(is_bad ? Kind::doubtful : Kind::delivered, "500: oops"));
    fates.take(job);
  }
  CHECK(fates.delivered.size() == 7);
  REQUIRE(fates.refused.size() == 1);
  CHECK(fates.refused.at(3) == "500: oops");
}

TEST_CASE("job: a server in trouble condemns nobody") {
  Job job(records(100), kLarge);
  int requests = 0;
  while (!job.is_hopeless()) {
    REQUIRE(++requests < 10'000);
    CHECK(job.apply(verdict(Kind::doubtful)) == Next::wait);
    CHECK(job.take_settled().empty());
  }
  CHECK(job.open_ids().size() == 100);
  // It recovers: everything is delivered after all.
  Fates fates;
  while (!job.is_done()) {
    job.apply(verdict(Kind::delivered));
    fates.take(job);
  }
  CHECK(fates.delivered.size() == 100);
}

TEST_CASE("job: a lone suspect waits for others before it is condemned") {
  Job job(records(1), kLarge);
  for (int i = 0; i < 50; ++i)
    CHECK(job.apply(verdict(Kind::doubtful)) == Next::wait);
  CHECK(job.wants_company());
  CHECK_FALSE(job.is_hopeless());
  CHECK(job.last_id() == 1);
  job.add(records(2, 2), kLarge);
  CHECK_FALSE(job.wants_company());
  CHECK(test::numbers_in(job.body()) == std::vector<unsigned>{2, 3});
  job.apply(verdict(Kind::delivered));
  CHECK_FALSE(job.wants_company());
  CHECK(test::numbers_in(job.body()) == std::vector<unsigned>{1});
  CHECK(job.apply(verdict(Kind::doubtful, "500")) == Next::go_on);
  Fates fates;
  fates.take(job);
  CHECK(fates.delivered == std::vector<spool::RecordId>{2, 3});
  CHECK(fates.refused.count(1) == 1);
}

TEST_CASE("job: doubt that may be about size cuts before it suspects") {
  std::vector<spool::Record> lease;
  lease.push_back(record(1, test::gauge("g", 8), spool::Signal::metrics, 8));
  Job job(std::move(lease), kLarge);
  auto exhausted = verdict(Kind::doubtful);
  exhausted.is_size_suspected = true;
  unsigned points = 0;
  int requests = 0;
  while (!job.is_done()) {
    REQUIRE(++requests < 100);
    const auto times = test::times_in(job.body());
    if (times.size() > 2) {
      job.apply(exhausted);
      continue;
    }
    points += static_cast<unsigned>(times.size());
    job.apply(verdict(Kind::delivered));
  }
  CHECK(points == 8);
  Fates fates;
  fates.take(job);
  CHECK(fates.delivered == std::vector<spool::RecordId>{1});
}

namespace {

// What the name of the next request says is in it, and is there: items are numbered by their times.
void check_name(const Job& job, unsigned of) {
  const auto times = test::times_in(job.body());
  const auto slices = job.slices();
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].id == 1);
  CHECK(slices[0].length == job.body().size());
  if (!slices[0].is_piece()) {
    CHECK(times.size() == of);
    return;
  }
  CHECK(slices[0].of == of);
  REQUIRE(slices[0].items == times.size());
  for (unsigned i = 0; i < times.size(); ++i)
    CHECK(times[i] == slices[0].from + i);
}

}  // namespace

TEST_CASE("job: pieces are named by their items, however the record is cut") {
  std::mt19937 engine(11);
  for (int round = 0; round < 100; ++round) {
    const unsigned of = 1 + static_cast<unsigned>(engine() % 150);
    std::vector<spool::Record> lease;
    lease.push_back(record(1, test::gauge("g", of), spool::Signal::metrics, of));
    Job job(std::move(lease), round % 2 == 0 ? kLarge : 100 + engine() % 3000);
    auto slow = verdict(Kind::retry);
    slow.is_slow = true;
    auto doubt = verdict(Kind::doubtful);
    doubt.is_size_suspected = true;
    std::vector<unsigned> accepted;
    while (!job.is_done()) {
      check_name(job, of);
      const auto choice = engine() % 10;
      const bool is_kept = choice < 4;
      if (is_kept) {
        for (const unsigned time : test::times_in(job.body()))
          accepted.push_back(time);
      }
      job.apply(is_kept      ? verdict(Kind::delivered)
                : choice < 6 ? slow
                : choice < 8
                    ? doubt
                    : verdict(test::times_in(job.body()).size() > 1 ? Kind::split : Kind::retry));
    }
    Fates fates;
    fates.take(job);
    std::sort(accepted.begin(), accepted.end());
    CHECK(std::adjacent_find(accepted.begin(), accepted.end()) == accepted.end());
    if (fates.refused.empty()) CHECK(accepted.size() == of);
  }
}

TEST_CASE("job: records around one in pieces keep their own names") {
  std::vector<spool::Record> lease = records(2, 7);
  lease.insert(lease.begin(), record(1, test::gauge("g", 100), spool::Signal::metrics, 100));
  Job job(std::move(lease), 300);
  while (job.record_count() == 1) {
    check_name(job, 100);
    job.apply(verdict(Kind::delivered));
  }
  const auto slices = job.slices();
  REQUIRE(slices.size() == 2);
  CHECK(slices[0] == spool::Slice{7, static_cast<std::uint32_t>(test::numbered(7).size())});
  CHECK(slices[1].id == 8);
  CHECK_FALSE(slices[1].is_piece());
}

namespace {

// As a lease gives it where the destination takes what lies in the spool.
spool::Record packed(spool::RecordId id, const std::string& body,
                     codec::Coding coding = codec::Coding::zstd) {
  spool::Record out = record(id, {});
  out.size = static_cast<std::uint32_t>(body.size());
  out.coded = {coding, codec::encode(coding, body).value()};
  return out;
}

std::string plain(const Job& job) {
  std::string room;
  return std::string(job.plain_body(room).value());
}

}  // namespace

TEST_CASE("job: a record that came packed goes by itself, as it lies") {
  std::vector<spool::Record> lease = records(2);
  const std::string body = test::gauge("large", 40);
  lease.push_back(packed(3, body));
  lease.push_back(packed(4, body, codec::Coding::gzip));
  for (auto& one : records(2, 5))
    lease.push_back(std::move(one));
  Job job(std::move(lease), kLarge);
  CHECK(job.coding() == codec::Coding::identity);
  CHECK(test::numbers_in(job.body()) == std::vector<unsigned>{1, 2});
  CHECK(plain(job) == job.body());
  CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);
  for (const auto coding : {codec::Coding::zstd, codec::Coding::gzip}) {
    CHECK(job.coding() == coding);
    CHECK(job.body() == codec::encode(coding, body).value());
    CHECK(job.size() == body.size());
    CHECK(plain(job) == body);
    REQUIRE(job.slices().size() == 1);
    CHECK(job.slices()[0].length == body.size());  // names count plain bytes
    CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);
  }
  CHECK(test::numbers_in(job.body()) == std::vector<unsigned>{5, 6});
  CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);
  CHECK(job.is_done());
  Fates fates;
  fates.take(job);
  CHECK(fates.delivered == std::vector<spool::RecordId>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("job: a packed record is cut like any other") {
  const std::string body = test::gauge("large", 64);
  std::vector<spool::Record> lease;
  lease.push_back(packed(1, body));
  lease.push_back(packed(2, body));
  Job job(std::move(lease), body.size());
  CHECK(job.apply(verdict(Kind::split)) == Next::go_on);
  std::vector<unsigned> got;
  while (job.coding() == codec::Coding::identity) {  // the halves of the first
    for (const unsigned time : test::times_in(job.body()))
      got.push_back(time);
    CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);
  }
  CHECK(got.size() == 64);
  CHECK(plain(job) == body);
  CHECK(job.apply(verdict(Kind::delivered)) == Next::go_on);

  lease.clear();
  lease.push_back(packed(3, body));
  Job small(std::move(lease), body.size() / 3);
  CHECK(small.coding() == codec::Coding::identity);
  CHECK(small.body().size() <= body.size() / 3);
  CHECK(small.slices()[0].of == 64);
}

TEST_CASE("job: a packed record that is refused is set aside") {
  std::vector<spool::Record> lease;
  lease.push_back(packed(1, test::gauge("bad", 3)));
  Job job(std::move(lease), kLarge);
  CHECK(job.apply(verdict(Kind::reject, "no")) == Next::go_on);
  CHECK(job.has_refused());
  Fates fates;
  fates.take(job);
  CHECK(fates.refused[1] == "no");
  CHECK_FALSE(job.has_refused());
}
