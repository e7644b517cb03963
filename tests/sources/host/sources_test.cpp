// SPDX-License-Identifier: Apache-2.0
#include "sources/host/sources.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "sources/host/boot.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Options everything() {
  Options options;
  options.process.enabled = true;
  return options;
}

std::vector<std::string> names(const metric::Sources& sources) {
  std::vector<std::string> out;
  for (const auto& source : sources)
    out.emplace_back(source->name());
  return out;
}

void check_batch(const test::Probe& probe, const metric::Batch& batch) {
  CHECK(probe.duplicate() == "");
  for (const auto& point : batch.points()) {
    const metric::Def& def = metric::def(point.metric);
    CAPTURE(def.name);
    CHECK(point.start <= point.time);
    CHECK((point.start != 0) == (def.kind != metric::Kind::gauge));
    CHECK(point.is_real == (def.number == metric::Number::real));
    if (point.is_real) CHECK(std::isfinite(point.real));
    if (def.kind == metric::Kind::counter)
      CHECK((point.is_real ? point.real >= 0 : point.integer >= 0));
  }
}

}  // namespace

TEST_CASE("sources: made in a fixed order, process only when asked for") {
  const base::ManualClock clock;
  const auto defaults = names(make_sources(test::machine("arm-edge"), Options(), clock));
  REQUIRE(defaults.size() >= 8);
  const std::vector<std::string> first(defaults.begin(), defaults.begin() + 8);
  CHECK(first == std::vector<std::string>{"cpu", "load", "memory", "paging", "processes", "system",
                                          "pressure", "kernel"});
  const auto all = names(make_sources(test::machine("arm-edge"), everything(), clock));
  CHECK(all.size() == defaults.size() + 1);
  CHECK(std::count(all.begin(), all.end(), "process") == 1);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
}

TEST_CASE("sources: each can be switched off") {
  const base::ManualClock clock;
  Options options;
  options.cpu.enabled = options.load.enabled = options.memory.enabled = false;
  options.paging.enabled = options.processes.enabled = options.system.enabled = false;
  options.pressure.enabled = options.kernel.enabled = false;
  const auto left = names(make_sources(test::machine("arm-edge"), options, clock));
  for (const char* gone :
       {"cpu", "load", "memory", "paging", "processes", "system", "pressure", "kernel"}) {
    CAPTURE(gone);
    CHECK(std::find(left.begin(), left.end(), gone) == left.end());
  }
}

TEST_CASE("sources: every machine, every metric, three ticks: nothing twice, nothing foreign") {
  for (const char* name : test::kMachines) {
    CAPTURE(name);
    base::ManualClock clock;
    auto sources = make_sources(test::machine(name), everything(), clock);
    test::Probe probe;
    for (int tick = 0; tick < 3; ++tick) {
      probe.begin();
      clock.advance(std::chrono::seconds(10));
      for (auto& source : sources) {
        CAPTURE(source->name());
        const std::size_t before = probe.size();
        const auto result = source->read(probe.batch());
        if (!result) CHECK_FALSE(result.error().message.empty());
        for (const auto& point : probe.batch().points().subspan(before))
          CHECK(metric::def(point.metric).source == source->name());
      }
      check_batch(probe, probe.batch());
    }
    CHECK(probe.size() > 0);
  }
}

TEST_CASE("sources: every metric of this half of the catalogue comes from some machine") {
  std::set<std::string_view> seen;
  base::ManualClock clock;
  for (const char* name : {"debian12-vm", "big-server", "arm-edge"}) {
    auto sources = make_sources(test::machine(name), everything(), clock);
    test::Probe probe;
    for (int tick = 0; tick < 2; ++tick) {
      probe.begin();
      clock.advance(std::chrono::seconds(10));
      for (auto& source : sources)
        (void)source->read(probe.batch());
      for (const auto& point : probe.batch().points())
        seen.insert(metric::def(point.metric).name);
    }
  }
  // A recorded folder stands still: there is no time between two ticks to share out, and it has no
  // descriptors.
  const std::set<std::string_view> moving = {"system.cpu.utilization",
                                             "process.open_file_descriptors"};
  for (const metric::Def& row : metric::kHostRows) {
    CAPTURE(row.name);
    CHECK((seen.contains(row.name) || moving.contains(row.name)));
  }
}

TEST_CASE("sources: this machine: no default source fails") {
  const base::SystemClock clock;
  const base::Roots live;
  Options options;
  auto sources = make_sources(live, options, clock);
  const metric::Selection selection;
  metric::Batch batch;
  for (int tick = 0; tick < 2; ++tick) {
    batch.begin(clock.wall(), boot_time(live, clock), selection);
    for (auto& source : sources) {
      const auto result = source->read(batch);
      const std::string why = result ? "" : result.error().message;
      CAPTURE(source->name());
      CAPTURE(why);
      CHECK((result || result.error().code == Errc::absent));
    }
  }
  CHECK(batch.points().size() > 30);
}
