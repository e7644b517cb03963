// SPDX-License-Identifier: Apache-2.0
#include "metric/batch.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace edgehaul::metric;

namespace {
constexpr Id kIo = id("system.disk.io");
constexpr Id kLoad = id("system.cpu.load_average.1m");
}  // namespace

TEST_CASE("batch: points carry the tick's time and the boot time as their start") {
  Batch batch;
  const Selection selection;
  batch.begin(1000, 10, selection);
  batch.add(kIo, std::uint64_t{512}, {{"device", "sda"}, {"direction", "read"}});
  batch.add(kLoad, 0.5);
  REQUIRE(batch.points().size() == 2);
  const Point& io = batch.points()[0];
  CHECK(io.start == 10);
  CHECK(io.time == 1000);
  CHECK(io.integer == 512);
  CHECK(batch.attr(io, 1).text == "read");
  const Point& load = batch.points()[1];
  CHECK(load.start == 0);
  CHECK(load.is_real);
}

TEST_CASE("batch: what is switched off is not added, the next tick starts empty") {
  Batch batch;
  Selection selection;
  selection.set(kLoad, false);
  batch.begin(1, 0, selection);
  batch.add(kLoad, 1.0);
  CHECK(batch.points().empty());
  CHECK_FALSE(batch.wants(kLoad));
  batch.add(kIo, std::uint64_t{1});
  batch.add_resource({{"process.pid", std::int64_t{4}}});
  batch.begin(2, 0, selection);
  CHECK(batch.points().empty());
  CHECK(batch.resource_count() == 1);
}

TEST_CASE("batch: values that OTLP cannot carry are clamped or dropped") {
  Batch batch;
  const Selection selection;
  batch.begin(1, 0, selection);
  batch.add(kIo, std::numeric_limits<std::uint64_t>::max());
  CHECK(batch.points()[0].integer == std::numeric_limits<std::int64_t>::max());
  batch.add(kLoad, std::numeric_limits<double>::quiet_NaN());
  batch.add(kLoad, std::numeric_limits<double>::infinity());
  CHECK(batch.points().size() == 1);
}

TEST_CASE("batch: one number type per metric, whatever the source has") {
  Batch batch;
  const Selection selection;
  batch.begin(1, 0, selection);
  batch.add(kLoad, std::uint64_t{2});
  CHECK(batch.points()[0].is_real);
  CHECK(batch.points()[0].real == 2.0);
}

TEST_CASE("batch: series differ by metric, attributes and resource") {
  Batch batch;
  const Selection selection;
  batch.begin(1, 0, selection);
  const ResourceRef process = batch.add_resource({{"process.pid", std::int64_t{4}}});
  const Attr sda("device", "sda");
  batch.add(kIo, std::uint64_t{1}, {sda});
  batch.add(kIo, std::uint64_t{9}, {sda});
  batch.add(kIo, std::uint64_t{1}, {{"device", "sdb"}});
  batch.add_integer(kIo, 1, Attrs(&sda, 1), process, 0, 0);
  const auto points = batch.points();
  CHECK(batch.series_hash(points[0]) == batch.series_hash(points[1]));
  CHECK(batch.series_hash(points[0]) != batch.series_hash(points[2]));
  CHECK(batch.series_hash(points[0]) != batch.series_hash(points[3]));
}

TEST_CASE("batch: a series is the same from tick to tick, whatever the place of its resource") {
  Batch batch;
  const Selection selection;
  const auto hash_of = [&](std::initializer_list<std::int64_t> pids, std::int64_t wanted) {
    batch.begin(1, 0, selection);
    std::uint64_t hash = 0;
    for (const std::int64_t pid : pids) {
      const ResourceRef process = batch.add_resource({{"process.pid", pid}});
      batch.add_integer(kIo, 1, {}, process, 0, 0);
      const std::uint64_t its = batch.series_hash(batch.points().back());
      if (pid == wanted) hash = its;
    }
    return hash;
  };
  const std::uint64_t first = hash_of({4}, 4);
  CHECK(hash_of({5}, 5) != first);  // another resource in the same place
  CHECK(hash_of({5, 4}, 4) == first);
  CHECK(hash_of({4, 5}, 5) != first);
}

TEST_CASE("selection: metrics are switched by glob") {
  Selection selection;
  CHECK(selection.set_matching("system.cpu.load_average.*", false) >= 1);
  CHECK_FALSE(selection.on(kLoad));
  CHECK(selection.on(kIo));
  CHECK(selection.set_matching("no.such.metric", true) == 0);
}
