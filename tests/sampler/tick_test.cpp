// SPDX-License-Identifier: Apache-2.0
#include "sampler/tick.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;

namespace {

// A source that does what the test says.
class Scripted final : public metric::Source {
 public:
  Scripted(std::string name, Result<void>& next) : name_(std::move(name)), next_(next) {}
  std::string_view name() const override { return name_; }
  Result<void> read(metric::Batch& batch) override {
    batch.add(metric::id("system.cpu.load_average.1m"), 0.5);
    return next_;
  }

 private:
  std::string name_;
  Result<void>& next_;
};

struct Bench {
  base::ManualClock clock;
  Result<void> first;
  Result<void> second;
  sampler::Tick tick{make(), metric::Selection(), {{"host.name", std::string("edge-1")}}, "1.0"};

  metric::Sources make() {
    metric::Sources sources;
    sources.push_back(std::make_unique<Scripted>("load", first));
    sources.push_back(std::make_unique<Scripted>("disk", second));
    return sources;
  }
  void run() { tick.run(clock, clock.wall(), 1); }
  int count(std::string_view name) const {
    int found = 0;
    for (const auto& point : tick.batch().points())
      found += metric::def(point.metric).name == name;
    return found;
  }
};

}  // namespace

TEST_CASE("tick: every source is read, timed and reported") {
  Bench bench;
  bench.run();
  CHECK(bench.count("system.cpu.load_average.1m") == 2);
  CHECK(bench.count("edgehaul.source.success") == 2);
  CHECK(bench.count("edgehaul.source.duration") == 2);
  CHECK(bench.tick.sources()[0].state == sampler::SourceState::good);
  CHECK_FALSE(bench.tick.encode().empty());
}

TEST_CASE("tick: a broken source is reported and does not stop the others") {
  Bench bench;
  bench.first = fail(Errc::io, "loadavg: Input/output error");
  bench.run();
  bench.run();
  const auto& broken = bench.tick.sources()[0];
  CHECK(broken.state == sampler::SourceState::failing);
  CHECK(broken.failures == 2);
  CHECK(broken.error == "loadavg: Input/output error");
  CHECK(bench.tick.sources()[1].state == sampler::SourceState::good);
  CHECK(bench.tick.batch().points()[2].integer == 0);  // success of the first
  bench.first = {};
  bench.run();
  CHECK(bench.tick.sources()[0].state == sampler::SourceState::good);
  CHECK(bench.tick.sources()[0].failures == 2);
}

TEST_CASE("tick: what the host does not have is absent, not failing, and silent") {
  Bench bench;
  bench.second = fail(Errc::absent, "no disks");
  bench.run();
  CHECK(bench.tick.sources()[1].state == sampler::SourceState::absent);
  CHECK(bench.tick.sources()[1].failures == 0);
  CHECK(bench.count("edgehaul.source.success") == 1);
}

TEST_CASE("tick: replacing the sources keeps the history of those that stay") {
  Bench bench;
  bench.first = fail(Errc::io, "x");
  bench.run();
  bench.tick.replace(bench.make(), metric::Selection(), {});
  CHECK(bench.tick.sources()[0].failures == 1);
}
