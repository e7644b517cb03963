// SPDX-License-Identifier: Apache-2.0
#include "sources/host/load.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Load make(const base::Roots& roots, bool per_cpu = false) {
  return {roots, LoadOptions{true, per_cpu}, std::make_shared<KernelFiles>(roots)};
}

}  // namespace

TEST_CASE("load: three averages") {
  test::Probe probe;
  Load load = make(test::machine("big-server"));
  REQUIRE(probe.tick(load));
  CHECK(probe.real("system.cpu.load_average.1m") == 23.5);
  CHECK(probe.real("system.cpu.load_average.5m") == 19.25);
  CHECK(probe.real("system.cpu.load_average.15m") == 17.01);
  CHECK(probe.size() == 3);
}

TEST_CASE("load: divided by the online CPUs where asked for") {
  test::Probe probe;
  Load load = make(test::machine("big-server"), true);
  REQUIRE(probe.tick(load));
  CHECK(probe.real("system.cpu.load_average.1m") == 23.5 / 64);
  Load hostile = make(test::machine("hostile"), true);
  CHECK_FALSE(probe.tick(hostile));
}

TEST_CASE("load: what is no load average is refused whole") {
  const struct {
    const char* body;
    bool good;
  } rows[] = {
      {"0.00 0.10 0.15 1/81 9005\n", true}, {"0.00 0.10 0.15", true},   {"", false},
      {"\n0.00 0.10 0.15", false},          {"0.00 0.10", false},       {"0.00 0.10 x", false},
      {"0.00 0.10 0.15x", false},           {"1e999 0.10 0.15", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.body);
    CHECK(parse_loadavg(row.body).has_value() == row.good);
  }
}

TEST_CASE("load: a missing file is absent") {
  test::TempDir dir;
  test::Probe probe;
  Load load = make(dir.roots());
  CHECK(probe.tick(load).error().code == Errc::absent);
  dir.write("proc/loadavg", "1 2 3");
  CHECK(probe.tick(load));
  Load per_cpu = make(dir.roots(), true);
  CHECK(probe.tick(per_cpu).error().code == Errc::absent);  // no stat
  CHECK(probe.size() == 0);
}
