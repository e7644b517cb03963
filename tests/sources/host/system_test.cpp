// SPDX-License-Identifier: Apache-2.0
#include "sources/host/system.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

TEST_CASE("system: uptime to a hundredth of a second") {
  test::Probe probe;
  System system(test::machine("arm-edge"), SystemOptions());
  REQUIRE(probe.tick(system));
  CHECK(probe.real("system.uptime") == 4711.08);
  CHECK(probe.size() == 1);
}

TEST_CASE("system: what is no uptime") {
  for (const char* body : {"", "\n", "x", "-1.0 2.0", "1e999", "12s 3"}) {
    CAPTURE(body);
    CHECK(parse_uptime(body).error().code == Errc::malformed);
  }
  CHECK(parse_uptime("7").value() == 7);
}

TEST_CASE("system: hostile and missing") {
  test::Probe probe;
  System hostile(test::machine("hostile"), SystemOptions());
  CHECK(probe.tick(hostile).error().code == Errc::malformed);
  test::TempDir dir;
  System missing(dir.roots(), SystemOptions());
  CHECK(probe.tick(missing).error().code == Errc::absent);
  CHECK(probe.size() == 0);
}
