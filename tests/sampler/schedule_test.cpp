// SPDX-License-Identifier: Apache-2.0
#include "sampler/schedule.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using edgehaul::base::ManualClock;
using edgehaul::sampler::next_tick;
using edgehaul::sampler::Schedule;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Bench {
  ManualClock clock{1'700'000'003 * kSecond};
  Schedule schedule{10s};
  Schedule::Decision look() { return schedule.next(clock.wall(), clock.steady()); }
};

}  // namespace

TEST_CASE("schedule: ticks fall on multiples of the interval") {
  CHECK(next_tick(1'700'000'003 * kSecond, 10s) == 1'700'000'010 * kSecond);
  CHECK(next_tick(1'700'000'010 * kSecond, 10s) == 1'700'000'020 * kSecond);
}

TEST_CASE("schedule: the first tick is at once, the next is aligned") {
  Bench bench;
  CHECK(bench.look().is_due);
  CHECK(bench.look().wait == 7s);
  bench.clock.advance(7s);
  const auto decision = bench.look();
  CHECK(decision.is_due);
  CHECK(decision.skipped == 0);
  CHECK(decision.wait == 10s);
}

TEST_CASE("schedule: a late wake-up does not shift the ticks after it") {
  Bench bench;
  bench.look();
  bench.clock.advance(7s + 300ms);
  CHECK(bench.look().is_due);
  CHECK(bench.look().wait == 9700ms);
}

TEST_CASE("schedule: an early wake-up waits on") {
  Bench bench;
  bench.look();
  bench.clock.advance(6s);
  CHECK_FALSE(bench.look().is_due);
  CHECK(bench.look().wait == 1s);
}

TEST_CASE("schedule: an overrun skips and counts") {
  Bench bench;
  bench.look();
  bench.clock.advance(7s);
  bench.look();
  bench.clock.advance(35s);
  const auto decision = bench.look();
  CHECK(decision.is_due);
  CHECK(decision.skipped == 3);
  CHECK(bench.look().wait == 5s);
}

TEST_CASE("schedule: a wall clock that steps back a day ticks at once and goes on") {
  Bench bench;
  bench.look();
  bench.clock.step_wall(-24h);
  const auto decision = bench.look();
  CHECK(decision.is_due);
  CHECK(decision.skipped == 0);
  CHECK(decision.wait <= 10s);
}

TEST_CASE("schedule: a wall clock that steps forward a year skips nothing") {
  Bench bench;
  bench.look();
  bench.clock.advance(7s);
  bench.look();
  bench.clock.advance(1s);
  bench.clock.step_wall(24h * 365);
  const auto decision = bench.look();
  CHECK(decision.is_due);
  CHECK(decision.skipped == 0);
}

TEST_CASE("schedule: a new interval takes effect without waiting out the old one") {
  Bench bench;
  bench.look();
  bench.schedule.set_interval(1s);
  bench.look();
  CHECK(bench.look().wait <= 1s);
}
