// SPDX-License-Identifier: Apache-2.0
#include "sources/host/boot.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

TEST_CASE("boot: a live host: by the clocks; a recorded one: by its btime") {
  base::ManualClock clock(1'700'000'000'123'456'789);
  CHECK(boot_time(base::Roots(), clock) == clock.wall() - clock.since_boot().count());
  const auto before = boot_time(base::Roots(), clock);
  clock.advance(std::chrono::seconds(1000));
  CHECK(boot_time(base::Roots(), clock) == before);
  CHECK(boot_time(test::machine("big-server"), clock) == 1'730'000'000'000'000'000);
  // No usable btime: the clocks, as if live.
  CHECK(boot_time(test::machine("hostile"), clock) == before);
}

TEST_CASE("boot: the id of a boot") {
  CHECK(boot_id(test::machine("big-server")) == "00000000-0000-4000-8000-000000000b16");
  CHECK(boot_id(test::machine("hostile")).error().code == Errc::malformed);
  test::TempDir dir;
  CHECK(boot_id(dir.roots()).error().code == Errc::absent);
  CHECK(boot_id(base::Roots()));
}
