// SPDX-License-Identifier: Apache-2.0
#include "forward/lane.hpp"

#include <doctest/doctest.h>

using edgehaul::forward::Allowance;
using edgehaul::forward::Lane;
using edgehaul::forward::Lanes;
using namespace std::chrono_literals;

TEST_CASE("lane: timeouts shrink requests, successes grow them again") {
  Allowance allowance(3'500'000);
  CHECK(allowance.bytes() == 3'500'000);
  allowance.was_too_slow(3'000'000);
  CHECK(allowance.bytes() == 1'500'000);
  allowance.was_too_slow(100'000);
  CHECK(allowance.bytes() == 50'000);
  for (int i = 0; i < 50; ++i)
    allowance.was_too_slow(1);
  CHECK(allowance.bytes() == Allowance::kLeast);
  for (int i = 0; i < 8; ++i)
    allowance.was_accepted(1'000, 1s);
  CHECK(allowance.bytes() == 3'500'000);
}

TEST_CASE("lane: a size once refused is tried again only after long") {
  Allowance allowance(3'500'000);
  allowance.was_too_large(3'400'000);
  CHECK(allowance.bytes() == 1'700'000);
  for (unsigned i = 0; i + 1 < Allowance::kPatience; ++i)
    allowance.was_accepted(1'000, 1s);
  CHECK(allowance.bytes() == 1'700'000);
  allowance.was_accepted(1'000, 1s);
  CHECK(allowance.bytes() == 3'400'000);
}

TEST_CASE("lane: a configured bound below the least still holds") {
  Allowance allowance(1'000);
  allowance.was_too_large(900);
  CHECK(allowance.bytes() == 1'000);
  CHECK(Allowance(0).bytes() == 1);
}

TEST_CASE("lane: a request of the backlog takes about three seconds of the link") {
  Allowance allowance(3'500'000);
  for (int i = 0; i < 8; ++i)
    allowance.was_accepted(100'000, 1s);
  CHECK(allowance.backlog_bytes() == 300'000);
  CHECK(allowance.bytes() == 3'500'000);  // fresh records are not held up by that
  allowance.was_accepted(100'000, 100s);
  CHECK(allowance.backlog_bytes() == 64 * 1024);  // the least
  for (int i = 0; i < 8; ++i)
    allowance.was_accepted(64 * 1024, 1ms);
  CHECK(allowance.backlog_bytes() == 3'500'000);
}

TEST_CASE("lane: after an outage the newest, then the fresh ones before the backlog") {
  Lanes lanes;
  CHECK(lanes.first() == Lane::newest);  // what happened before the start is not known
  lanes.took(Lane::newest, 100, true);
  CHECK(lanes.is_behind());
  CHECK(lanes.first() == Lane::fresh);
  const auto fresh = lanes.wanted(Lane::fresh, 1000, {});
  CHECK(fresh.after == 100);
  CHECK(fresh.origin == edgehaul::spool::Origin::own);
  CHECK(lanes.was_empty(Lane::fresh) == Lane::backlog);
  const auto backlog = lanes.wanted(Lane::backlog, 1000, {});
  CHECK(backlog.order == edgehaul::spool::Order::oldest_first);
  CHECK_FALSE(backlog.origin.has_value());  // peers' too
  lanes.took(Lane::backlog, 40, true);
  CHECK(lanes.first() == Lane::fresh);
  lanes.took(Lane::fresh, 101, true);
  CHECK(lanes.wanted(Lane::fresh, 1000, {}).after == 101);
  lanes.took(Lane::backlog, 99, false);
  CHECK(lanes.first() == Lane::all);
  CHECK_FALSE(lanes.is_behind());
}

TEST_CASE("lane: level until more waits than a request takes") {
  Lanes lanes;
  CHECK(lanes.was_empty(Lane::newest) == Lane::backlog);
  CHECK_FALSE(lanes.was_empty(Lane::backlog).has_value());
  CHECK(lanes.first() == Lane::all);
  lanes.took(Lane::all, 7, false);
  CHECK(lanes.first() == Lane::all);
  lanes.took(Lane::all, 9, true);
  CHECK(lanes.first() == Lane::newest);
  lanes.took(Lane::newest, 20, false);
  lanes.fall_behind();
  CHECK(lanes.first() == Lane::newest);
}
