// SPDX-License-Identifier: Apache-2.0
#include "sampler/sampler.hpp"

#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;

namespace {

class Constant final : public metric::Source {
 public:
  std::string_view name() const override { return "disk"; }
  Result<void> read(metric::Batch& batch) override {
    batch.add(metric::id("system.disk.io"), std::uint64_t{1}, {{"device", "sda"}});
    return {};
  }
};

sampler::Plan plan(std::chrono::milliseconds interval) {
  sampler::Plan made;
  made.interval = interval;
  made.sources.push_back(std::make_unique<Constant>());
  return made;
}

struct Bench {
  test::TempDir dir;
  base::SystemClock clock;
  std::unique_ptr<spool::Spool> spool;

  Bench() {
    spool::Options options;
    options.directory = dir.at("spool");
    options.destinations = {"a"};
    spool = std::move(*spool::Spool::open(options, clock, {}));
  }
  ~Bench() { spool->stop(5s); }

  std::uint64_t wait_for_records(std::uint64_t count) const {
    const auto deadline = clock.steady() + 20s;
    while (spool->stats().held.records < count && clock.steady() < deadline) {
      std::this_thread::sleep_for(5ms);
    }
    return spool->stats().held.records;
  }
};

}  // namespace

TEST_CASE("sampler: ticks land in the spool, in order, with one timestamp each") {
  Bench bench;
  sampler::Sampler sampler(plan(100ms), "1.0", "boot-1", 1000, *bench.spool, bench.clock);
  sampler.start();
  CHECK(bench.wait_for_records(3) >= 3);
  sampler.stop();
  const auto records = bench.spool->lease(0, {});
  REQUIRE(records.has_value());
  REQUIRE(records->size() >= 3);
  for (std::size_t i = 1; i < records->size(); ++i) {
    CHECK((*records)[i].time > (*records)[i - 1].time);
    if (i > 1) CHECK((*records)[i].time - (*records)[i - 1].time >= 50'000'000);
  }
  const sampler::Stats stats = sampler.stats();
  CHECK(stats.ticks >= 3);
  CHECK(stats.points == 3);
  CHECK(stats.not_kept == 0);
  REQUIRE(stats.sources.size() == 1);
  CHECK(stats.sources[0].state == sampler::SourceState::good);
}

TEST_CASE("sampler: the boot time of a boot is remembered, that of another is not") {
  Bench bench;
  { const sampler::Sampler first(plan(1s), "1.0", "boot-1", 1000, *bench.spool, bench.clock); }
  CHECK(**bench.spool->load_value("boot") == "boot-1 1000");
  { const sampler::Sampler again(plan(1s), "1.0", "boot-1", 2000, *bench.spool, bench.clock); }
  CHECK(**bench.spool->load_value("boot") == "boot-1 1000");
  { const sampler::Sampler other(plan(1s), "1.0", "boot-2", 3000, *bench.spool, bench.clock); }
  CHECK(**bench.spool->load_value("boot") == "boot-2 3000");
}

TEST_CASE("sampler: a new plan takes effect without waiting out the old interval") {
  Bench bench;
  sampler::Sampler sampler(plan(1h), "1.0", "boot-1", 1000, *bench.spool, bench.clock);
  sampler.start();
  CHECK(bench.wait_for_records(1) == 1);
  sampler.reconfigure(plan(100ms));
  CHECK(bench.wait_for_records(3) >= 3);
  CHECK(sampler.stats().interval == 100ms);
}

TEST_CASE("sampler: stopping does not wait for the interval") {
  Bench bench;
  sampler::Sampler sampler(plan(1h), "1.0", "boot-1", 1000, *bench.spool, bench.clock);
  sampler.start();
  CHECK(bench.wait_for_records(1) == 1);
  sampler.stop();
  CHECK(sampler.stats().ticks == 1);
}
