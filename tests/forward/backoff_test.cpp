// SPDX-License-Identifier: Apache-2.0
#include "forward/backoff.hpp"

#include <initializer_list>

#include <doctest/doctest.h>

using namespace edgehaul::forward;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {
constexpr BackoffLimits kLimits{milliseconds(1'000), milliseconds(60'000)};
}

TEST_CASE("backoff: doubles up to its bound, with full jitter") {
  struct Row {
    unsigned failures;
    double random;
    std::int64_t expected;
  };
  for (const Row& row :
       {Row{1, 0.5, 500}, Row{2, 0.5, 1'000}, Row{3, 0.25, 1'000}, Row{6, 0.5, 16'000},
        Row{7, 0.5, 30'000}, Row{8, 0.5, 30'000}, Row{4'000'000'000U, 0.5, 30'000},
        Row{1, 0.0, kShortestDelay.count()}, Row{0, 0.5, 500}}) {
    CAPTURE(row.failures);
    CHECK(backoff_delay(kLimits, row.failures, {}, row.random).count() == row.expected);
  }
}

TEST_CASE("backoff: never zero, never above the bound, whatever the numbers") {
  for (const BackoffLimits limits : {kLimits, BackoffLimits{milliseconds(0), milliseconds(0)},
                                     BackoffLimits{milliseconds(5'000), milliseconds(10)},
                                     BackoffLimits{hours(20), hours(24 * 400)}}) {
    for (unsigned failures = 0; failures < 100; ++failures) {
      for (const double random : {0.0, 0.3, 0.999'999'9}) {
        const auto delay = backoff_delay(limits, failures, {}, random);
        CHECK(delay >= milliseconds(1));
        CHECK(delay <= std::max(limits.maximum, milliseconds(1)));
      }
    }
  }
}

TEST_CASE("backoff: a hint is a floor, itself bounded") {
  for (const double random : {0.0, 0.5, 0.999}) {
    CHECK(backoff_delay(kLimits, 1, milliseconds(8'000), random) >= milliseconds(8'000));
    CHECK(backoff_delay(kLimits, 1, milliseconds(8'000), random) <= milliseconds(9'000));
    CHECK(backoff_delay(kLimits, 1, hours(24 * 3'000), random) <=
          kLongestHint + milliseconds(1'000));
    CHECK(backoff_delay(kLimits, 1, hours(24 * 3'000), random) >= kLongestHint);
    CHECK(backoff_delay(kLimits, 9, milliseconds(-5), random) <= milliseconds(60'000));
  }
  CHECK(backoff_delay(kLimits, 9, milliseconds(1'000), 0.5) == milliseconds(30'000));
}

TEST_CASE("backoff: slow limits") {
  CHECK(slow(kLimits).initial == milliseconds(10'000));
  CHECK(slow(kLimits).maximum == milliseconds(300'000));
  CHECK(slow({milliseconds(10'000), milliseconds(20'000)}).initial == milliseconds(20'000));
  CHECK(slow({hours(24 * 300'000), hours(24 * 300'000)}).maximum == hours(24 * 5));
}
