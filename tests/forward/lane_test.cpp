// SPDX-License-Identifier: Apache-2.0
#include "forward/lane.hpp"

#include <doctest/doctest.h>

using edgehaul::forward::Allowance;

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
    allowance.was_accepted();
  CHECK(allowance.bytes() == 3'500'000);
}

TEST_CASE("lane: a size once refused is tried again only after long") {
  Allowance allowance(3'500'000);
  allowance.was_too_large(3'400'000);
  CHECK(allowance.bytes() == 1'700'000);
  for (unsigned i = 0; i + 1 < Allowance::kPatience; ++i)
    allowance.was_accepted();
  CHECK(allowance.bytes() == 1'700'000);
  allowance.was_accepted();
  CHECK(allowance.bytes() == 3'400'000);
}

TEST_CASE("lane: a configured bound below the least still holds") {
  Allowance allowance(1'000);
  allowance.was_too_large(900);
  CHECK(allowance.bytes() == 1'000);
  CHECK(Allowance(0).bytes() == 1);
}
