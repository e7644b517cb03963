// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "rig.hpp"
#include "spool/age_clock.hpp"
#include "spool/limits.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    sum += std::filesystem::file_size(entry.path());
  }
  return sum;
}

}  // namespace

TEST_CASE("bounds: never a byte over max_size, the oldest go and are counted") {
  for (const std::uint64_t size : {std::size_t{300}, std::size_t{3000}, std::size_t{15'000}}) {
    CAPTURE(size);
    Rig rig;
    Options options = rig.options();
    options.max_size = 1U << 20;
    rig.open(options);
    std::uint64_t most = 0;
    const std::uint64_t count = 1'500'000 / size;
    for (std::uint64_t i = 0; i < count; i += 64) {
      rig.fill(i, std::min(i + 64, count), size);
      most = std::max(most, bytes_in(rig.dir.at("spool")));
    }
    CHECK(most <= options.max_size);
    const Stats stats = rig.spool->stats();
    CHECK(stats.disk_bytes == bytes_in(rig.dir.at("spool")));
    CHECK(stats.dropped_size > 0);
    CHECK(stats.held.records + stats.dropped_size == count);
    CHECK(stats.held.bytes > options.max_size * 2 / 5);  // the room is used
    Wanted all;
    all.max_bytes = UINT64_MAX;
    all.max_records = UINT32_MAX;
    const auto held = rig.lease(0, all);
    REQUIRE(held.size() == stats.held.records);
    CHECK(held.front().id == stats.dropped_size + 1);
    CHECK(held.back().id == count);
  }
}

TEST_CASE("bounds: what is leased is not dropped, and with nothing else the spool is full") {
  Rig rig;
  Options options = rig.options();
  options.max_size = 1U << 20;
  rig.open(options);
  const RecordId first = rig.add(noise(15'000, 0));
  Wanted one;
  one.max_records = 1;
  rig.lease(0, one);
  rig.fill(1, 100, 15'000);
  Wanted all;
  all.max_bytes = UINT64_MAX;
  const auto rest = rig.lease(0, all);
  const auto refused = rig.spool->append_and_wait(record(noise(15'000, 200)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::full);
  rig.settle(0, {first}, Outcome::returned);
  CHECK(ids_of(rig.lease(0, one)) == std::vector<RecordId>{first});
  rig.settle(0, ids_of(rest));
  rig.add("room again");
}

TEST_CASE("bounds: a record that cannot fit is refused alone") {
  Rig rig;
  rig.open();
  const auto refused = rig.spool->append_and_wait(record(noise(5U << 20, 1)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::too_large);
  rig.add("others go on");
}

TEST_CASE("bounds: keep_peers refuses peers when full and drops only our own") {
  Rig rig;
  Options options = rig.options();
  options.max_size = 1U << 20;
  options.keep_peers = true;
  rig.open(options);
  rig.fill(0, 10, 10'000);
  std::uint64_t taken = 0;
  Result<RecordId> last = RecordId{0};
  for (std::uint64_t i = 0; last && i < 200; ++i) {
    last = rig.spool->append_and_wait(record(noise(10'000, i), Signal::logs, Origin::peer));
    taken += last ? 1U : 0U;
  }
  REQUIRE_FALSE(last.has_value());
  CHECK(last.error().code == Errc::full);
  CHECK(rig.spool->stats().dropped_size == 0);
  rig.add(noise(10'000, 1000));  // pushes out our own oldest
  CHECK(rig.spool->stats().dropped_size > 0);
  Wanted logs;
  logs.signal = Signal::logs;
  logs.max_bytes = UINT64_MAX;
  CHECK(rig.lease(0, logs).size() == taken);
}

TEST_CASE("bounds: what may go first but was leased goes when it is back") {
  Rig rig;
  Options options = rig.options();
  options.max_size = 1U << 20;
  options.keep_peers = true;
  options.drop_first = {Signal::traces};
  rig.open(options);
  std::uint64_t seed = 0;
  const auto offer = [&](Signal signal) {
    return rig.spool->append_and_wait(record(noise(10'000, seed++), signal, Origin::peer))
        .has_value();
  };
  while (rig.spool->stats().dropped_size == 0)
    REQUIRE(offer(Signal::traces));
  Wanted wanted;
  wanted.max_bytes = UINT64_MAX;
  const auto all = rig.lease(0, wanted);
  int taken = 0;
  while (offer(Signal::metrics))
    REQUIRE(++taken < 100);
  rig.settle(0, ids_of(all), Outcome::returned);
  CHECK(offer(Signal::metrics));
}

TEST_CASE(
    "bounds: with keep_peers the signals that may be dropped go in their order, the rest stays") {
  Rig rig;
  Options options = rig.options();
  options.max_size = 1U << 20;
  options.keep_peers = true;
  options.drop_first = {Signal::traces, Signal::logs};
  rig.open(options);
  const Signal turns[] = {Signal::metrics, Signal::logs, Signal::traces};
  std::uint64_t taken[5] = {};
  const auto offer = [&](Signal signal, std::uint64_t seed) {
    const bool is_taken =
        rig.spool->append_and_wait(record(noise(10'000, seed), signal, Origin::peer)).has_value();
    taken[static_cast<std::size_t>(signal)] += is_taken ? 1U : 0U;
    return is_taken;
  };
  const auto held = [&](Signal signal) {
    Wanted wanted;
    wanted.signal = signal;
    wanted.max_bytes = UINT64_MAX;
    const auto records = rig.lease(0, wanted);
    rig.settle(0, ids_of(records), Outcome::returned);
    return records.size();
  };
  std::uint64_t seed = 0;
  // Until the first has to go: it is a trace.
  for (; rig.spool->stats().dropped_size == 0; ++seed)
    REQUIRE(offer(turns[seed % 3], seed));
  CHECK(held(Signal::metrics) == taken[1]);
  CHECK(held(Signal::logs) == taken[2]);
  CHECK(held(Signal::traces) < taken[3]);
  // Metrics push out all traces, then logs, and are refused when only metrics are left.
  while (offer(Signal::metrics, seed++)) {
    const auto traces = held(Signal::traces);
    const auto logs = held(Signal::logs);
    CHECK((traces == 0 || logs == taken[2]));
    REQUIRE(seed < 1000);
  }
  CHECK(held(Signal::logs) == 0);
  CHECK(held(Signal::metrics) == taken[1]);
  const Stats stats = rig.spool->stats();
  CHECK(stats.dropped_size == taken[2] + taken[3]);
  CHECK(stats.dropped_ever[0] == stats.dropped_size);
}

TEST_CASE("bounds: a lowered max_size shrinks the files at the next start") {
  Rig rig;
  rig.open();
  rig.fill(0, 400, 10'000);
  Options options = rig.options();
  options.max_size = 1U << 20;
  rig.open(options);
  CHECK(bytes_in(rig.dir.at("spool")) <= options.max_size);
  const Stats stats = rig.spool->stats();
  CHECK(stats.dropped_size + stats.held.records == 400);
  CHECK(stats.held.records > 30);
  Wanted newest;
  newest.order = Order::newest_first;
  newest.max_records = 1;
  CHECK(rig.bodies(0, newest) == std::vector<std::string>{noise(10'000, 399)});
  struct stat info {};
  REQUIRE(::stat(rig.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("bounds: records go at max_age, and not before") {
  Rig rig;
  Options options = rig.options();
  options.max_age = 1h;
  rig.open(options);
  rig.add("old");
  rig.clock.advance(40min);
  rig.add("young");
  rig.clock.advance(15min);
  rig.add("now");
  CHECK(rig.bodies(0) == std::vector<std::string>{"old", "young", "now"});
  rig.clock.advance(10min);
  rig.add("later");
  CHECK(rig.spool->stats().dropped_age == 0);  // leased records stay
  rig.settle(0, {1, 2, 3}, Outcome::returned);
  rig.clock.advance(2min);
  rig.add("last");
  const Stats stats = rig.spool->stats();
  CHECK(stats.dropped_age == 1);
  CHECK(rig.bodies(0) == std::vector<std::string>{"young", "now", "later", "last"});
}

TEST_CASE("bounds: a wall clock that jumps neither wipes the spool nor stops expiry") {
  struct Row {
    std::string what;
    std::chrono::hours step;
  };
  for (const Row& row : {Row{"forward a year", 24h * 365}, Row{"back a day", -24h},
                         Row{"back to 1970", -24h * 365 * 50}}) {
    CAPTURE(row.what);
    Rig rig;
    Options options = rig.options();
    options.max_age = 24h * 30;
    rig.open(options);
    rig.add("before");
    rig.clock.step_wall(row.step);
    rig.add("after");
    CHECK(rig.spool->stats().dropped_age == 0);
    SUBCASE("in one run") {}
    SUBCASE("between two runs") {
      rig.open(options);
    }
    CHECK(rig.bodies(0) == std::vector<std::string>{"before", "after"});
    rig.settle(0, {1, 2}, Outcome::returned);
    rig.clock.advance(24h * 31);
    rig.add("next");
    CHECK(rig.spool->stats().dropped_age == 2);
    CHECK(rig.bodies(0) == std::vector<std::string>{"next"});
  }
}

TEST_CASE("bounds: age goes on over restarts, by a day at most for each") {
  Rig rig;
  Options options = rig.options();
  options.max_age = 36h;
  rig.open(options);
  rig.add("old");
  rig.spool.reset();
  rig.clock.step_wall(24h * 20);  // off for weeks, or a clock gone wrong: nobody knows
  rig.open(options);
  rig.add("young");
  CHECK(rig.spool->stats().dropped_age == 0);
  rig.clock.advance(13h);
  rig.add("now");
  CHECK(rig.spool->stats().dropped_age == 1);
  CHECK(rig.spool->stats().dropped_ever[1] == 1);
  rig.add("and the count stays");
  rig.open(options);
  CHECK(rig.spool->stats().dropped_age == 0);
  CHECK(rig.spool->stats().dropped_ever[1] == 1);
}

TEST_CASE("bounds: rate and hours of room") {
  Rig rig;
  rig.open();
  CHECK(rig.spool->stats().hours_left == -1);
  for (std::uint64_t i = 0; i < 30; ++i) {
    rig.add(noise(10'000, i));
    rig.clock.advance(10s);
  }
  const Stats stats = rig.spool->stats();
  CHECK(stats.bytes_per_second == doctest::Approx(1000).epsilon(0.05));
  CHECK(stats.hours_left == doctest::Approx(1.7).epsilon(0.3));
  CHECK(stats.newest - stats.oldest == 290'000'000'000);
  rig.settle(0, ids_of(rig.lease(0)));
  CHECK(rig.spool->stats().held.records == 0);
  CHECK(rig.spool->stats().hours_left > stats.hours_left);  // all of it is room again
}

TEST_CASE("bounds: the files belong to their owner alone, a memory file system is told") {
  Rig rig;
  rig.open();
  struct stat info {};
  REQUIRE(::stat(rig.dir.at("spool").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  for (const char* name : {"spool.db", "spool.db-wal", "spool.db-shm", "spool.lock"}) {
    CAPTURE(name);
    REQUIRE(::stat(rig.file(name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
  if (::access("/dev/shm", W_OK) != 0) return;
  const std::string folder = "/dev/shm/edgehaul-test-" + std::to_string(::getpid());
  Options options = rig.options();
  options.directory = folder;
  options.max_size = 1U << 30;
  {
    auto spool = Spool::open(options, rig.clock, {});
    REQUIRE(spool.has_value());
    CHECK_FALSE((*spool)->stats().persistent);
    CHECK((*spool)->stats().max_size == Limits::kMostInMemory);
    CHECK((*spool)->stats().file_system == "tmpfs");
  }
  std::filesystem::remove_all(folder);
}
