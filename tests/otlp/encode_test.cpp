// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "otlp/encode.hpp"
#include "otlp/messages.hpp"
#include "otlp/request.hpp"

using namespace edgehaul;
using metric::Attr;
using metric::Batch;

namespace {

constexpr base::UnixNanos kBoot = 1'600'000'000'000'000'000;
constexpr base::UnixNanos kNow = 1'700'000'000'000'000'000;

metric::Selection everything() {
  metric::Selection selection;
  selection.set_all(true);
  return selection;
}

// Any row of a kind and number; the catalogue has many of each.
metric::Id row_of(metric::Kind kind, metric::Number number) {
  for (std::size_t i = 0; i < metric::catalogue().size(); ++i) {
    const metric::Def& def = metric::catalogue()[i];
    if (def.kind == kind && def.number == number) return metric::Id(static_cast<std::uint16_t>(i));
  }
  FAIL("no such row in the catalogue");
  return metric::kNoMetric;
}

test::MetricsRequest decode(const std::string& bytes) {
  test::MetricsRequest request;
  REQUIRE(request.ParseFromString(bytes));
  return request;
}

const test::metrics::Metric& only_metric(const test::MetricsRequest& request) {
  REQUIRE(request.resource_metrics_size() == 1);
  REQUIRE(request.resource_metrics(0).scope_metrics_size() == 1);
  REQUIRE(request.resource_metrics(0).scope_metrics(0).metrics_size() == 1);
  return request.resource_metrics(0).scope_metrics(0).metrics(0);
}

}  // namespace

TEST_CASE("encode: an empty batch is an empty request") {
  const metric::Selection selection = everything();
  Batch batch;
  batch.begin(kNow, kBoot, selection);
  CHECK(otlp::Encoder("1.0").encode(batch, {{"host.name", std::string("a")}}).empty());
}

TEST_CASE("encode: a gauge has its value also when it is 0, and no start") {
  const metric::Selection selection = everything();
  Batch batch;
  batch.begin(kNow, kBoot, selection);
  const auto id = row_of(metric::Kind::gauge, metric::Number::real);
  batch.add(id, 0.0);
  const auto request = decode(otlp::Encoder("1.0").encode(batch, {}));
  const auto& metric = only_metric(request);
  CHECK(metric.name() == metric::def(id).name);
  CHECK(metric.unit() == metric::def(id).unit);
  CHECK(metric.description() == metric::def(id).description);
  REQUIRE(metric.gauge().data_points_size() == 1);
  const auto& point = metric.gauge().data_points(0);
  CHECK(point.value_case() == test::metrics::NumberDataPoint::kAsDouble);
  CHECK(point.time_unix_nano() == kNow);
  CHECK(point.start_time_unix_nano() == 0);
}

TEST_CASE("encode: sums are cumulative, monotonic as the catalogue says, with a start") {
  const metric::Selection selection = everything();
  struct Row {
    metric::Kind kind;
    bool is_monotonic;
  };
  for (const Row row : {Row{metric::Kind::counter, true}, Row{metric::Kind::updown, false}}) {
    Batch batch;
    batch.begin(kNow, kBoot, selection);
    const auto id = row_of(row.kind, metric::Number::integer);
    batch.add_integer(id, -7, {}, metric::kHost, 0, 0);
    batch.add(id, std::uint64_t{0}, {{"device", "b"}});
    batch.add_integer(id, 5, {}, metric::kHost, kBoot + 1, kNow + 2);
    const auto request = decode(otlp::Encoder("1.0").encode(batch, {}));
    const auto& sum = only_metric(request).sum();
    CHECK(sum.aggregation_temporality() == test::metrics::AGGREGATION_TEMPORALITY_CUMULATIVE);
    CHECK(sum.is_monotonic() == row.is_monotonic);
    REQUIRE(sum.data_points_size() == 3);
    CHECK(sum.data_points(0).as_int() == -7);
    CHECK(sum.data_points(0).start_time_unix_nano() == kBoot);
    CHECK(sum.data_points(1).value_case() == test::metrics::NumberDataPoint::kAsInt);
    CHECK(sum.data_points(1).attributes(0).value().string_value() == "b");
    CHECK(sum.data_points(2).start_time_unix_nano() == kBoot + 1);
    CHECK(sum.data_points(2).time_unix_nano() == kNow + 2);
  }
}

TEST_CASE("encode: attributes of every kind, in order, as UTF-8") {
  const metric::Selection selection = everything();
  Batch batch;
  batch.begin(kNow, kBoot, selection);
  const auto id = row_of(metric::Kind::gauge, metric::Number::real);
  batch.add(id, 1.5, {Attr("mountpoint", "/mnt/\xFF"), Attr::number("pid", -3), Attr("empty", "")});
  const metric::Attributes host{
      {"text", std::string("x\x80y")},
      {"number", std::int64_t{-1}},
      {"real", 2.5},
      {"yes", true},
      {"list", std::vector<std::string>{"a", "\xFF", ""}},
      {"none", std::vector<std::string>{}},
  };
  const auto request = decode(otlp::Encoder("1.0").encode(batch, host));
  const auto& resource = request.resource_metrics(0).resource();
  REQUIRE(resource.attributes_size() == 6);
  CHECK(resource.attributes(0).key() == "text");
  CHECK(resource.attributes(0).value().string_value() == "x\uFFFDy");
  CHECK(resource.attributes(1).value().int_value() == -1);
  CHECK(resource.attributes(2).value().double_value() == 2.5);
  CHECK(resource.attributes(3).value().bool_value());
  const auto& list = resource.attributes(4).value().array_value();
  REQUIRE(list.values_size() == 3);
  CHECK(list.values(1).string_value() == "\uFFFD");
  CHECK(list.values(2).value_case() == test::common::AnyValue::kStringValue);
  CHECK(resource.attributes(5).value().has_array_value());
  const auto& point = only_metric(request).gauge().data_points(0);
  REQUIRE(point.attributes_size() == 3);
  CHECK(point.attributes(0).key() == "mountpoint");
  CHECK(point.attributes(0).value().string_value() == "/mnt/\uFFFD");
  CHECK(point.attributes(1).value().int_value() == -3);
  CHECK(point.attributes(2).value().value_case() == test::common::AnyValue::kStringValue);
}

TEST_CASE("encode: other resources have the host's attributes, their own first in rank") {
  const metric::Selection selection = everything();
  Batch batch;
  batch.begin(kNow, kBoot, selection);
  const auto id = row_of(metric::Kind::gauge, metric::Number::real);
  const auto process =
      batch.add_resource({{"process.pid", std::int64_t{42}}, {"site", std::string("own")}});
  batch.add_real(id, 1, {}, process, 0, 0);
  batch.add(id, 2.0);
  const auto request = decode(otlp::Encoder("1.0").encode(
      batch, {{"host.name", std::string("h")}, {"site", std::string("host's")}}));
  REQUIRE(request.resource_metrics_size() == 2);
  CHECK(request.resource_metrics(0).resource().attributes_size() == 2);
  const auto& resource = request.resource_metrics(1).resource();
  REQUIRE(resource.attributes_size() == 3);
  CHECK(resource.attributes(0).key() == "host.name");
  CHECK(resource.attributes(1).key() == "process.pid");
  CHECK(resource.attributes(2).value().string_value() == "own");
}

TEST_CASE("encode: every row of the catalogue, interleaved, comes once and in its scope") {
  const metric::Selection selection = everything();
  Batch batch;
  otlp::Encoder encoder("9.9");
  std::string first;
  for (int tick = 0; tick < 2; ++tick) {
    batch.begin(kNow, kBoot, selection);
    const auto other = batch.add_resource({{"process.pid", std::int64_t{1}}});
    for (const auto resource : {other, metric::kHost, other, metric::kHost}) {
      for (std::uint16_t i = 0; i < metric::catalogue().size(); ++i)
        batch.add_integer(metric::Id(i), i, {}, resource, 0, 0);
    }
    std::string bytes = encoder.encode(batch, {{"host.name", std::string("h")}});
    if (tick == 0)
      first = std::move(bytes);
    else
      CHECK(bytes == first);
  }
  CHECK(otlp::inspect(otlp::Signal::metrics, first).value().items == batch.points().size());

  const auto request = decode(first);
  REQUIRE(request.resource_metrics_size() == 2);
  for (const auto& resource : request.resource_metrics()) {
    std::set<std::string> names;
    std::set<std::string> scopes;
    for (const auto& scope : resource.scope_metrics()) {
      CHECK(scopes.insert(scope.scope().name()).second);
      CHECK(scope.scope().version() == "9.9");
      for (const auto& metric : scope.metrics()) {
        CHECK(names.insert(metric.name()).second);
        const metric::Def& def = metric::def(metric::find(metric.name()));
        CHECK(otlp::scope_name(def) == scope.scope().name());
        CHECK((metric.has_gauge() ? metric.gauge().data_points_size()
                                  : metric.sum().data_points_size()) == 2);
      }
    }
    CHECK(names.size() == metric::catalogue().size());
  }
  // Canonical field order: the generated classes write the very same bytes.
  CHECK(request.SerializeAsString() == first);
}

TEST_CASE("encode: scopes with the collector's names state its schema, ours do not") {
  const metric::Selection selection = everything();
  Batch batch;
  batch.begin(kNow, kBoot, selection);
  batch.add(metric::id("system.cpu.load_average.1m"), 1.0);
  batch.add(metric::id("edgehaul.source.success"), std::uint64_t{1}, {{"source", "cpu"}});
  const auto request = decode(otlp::Encoder("").encode(batch, {}));
  REQUIRE(request.resource_metrics(0).scope_metrics_size() == 2);
  const auto& load = request.resource_metrics(0).scope_metrics(0);
  CHECK(load.scope().name() == "edgehaul/host/load");
  CHECK(load.schema_url() == "https://opentelemetry.io/schemas/1.9.0");
  CHECK(load.scope().version().empty());
  const auto& self = request.resource_metrics(0).scope_metrics(1);
  CHECK(self.scope().name() == "edgehaul/self");
  CHECK(self.schema_url().empty());
}

TEST_CASE("encode: a buffer that grew is used again and gives the same bytes") {
  const metric::Selection selection = everything();
  otlp::Encoder encoder("1.0");
  const auto id = row_of(metric::Kind::counter, metric::Number::integer);
  const auto encode = [&](int points) {
    Batch batch;
    batch.begin(kNow, kBoot, selection);
    for (int i = 0; i < points; ++i)
      batch.add(id, static_cast<std::uint64_t>(i), {{"device", std::to_string(i)}});
    return encoder.encode(batch, {});
  };
  const std::string small = encode(3);
  const std::string large = encode(5000);
  CHECK(otlp::inspect(otlp::Signal::metrics, large).value().items == 5000);
  CHECK(encode(3) == small);
  const auto request = decode(large);
  const auto& points = only_metric(request).sum().data_points();
  for (int i = 0; i < points.size(); i += 499)
    CHECK(points[i].as_int() == i);
}

// What an encoder keeps of the tick before must not show: each tick is what a new one makes of it.
TEST_CASE("encode: ticks that differ a little from the ones before") {
  const metric::Selection selection = everything();
  const metric::Id rows[] = {row_of(metric::Kind::gauge, metric::Number::real),
                             row_of(metric::Kind::gauge, metric::Number::integer),
                             row_of(metric::Kind::counter, metric::Number::real),
                             row_of(metric::Kind::counter, metric::Number::integer),
                             metric::id("linux.cgroup.pid.count")};
  std::minstd_rand random(4);
  const auto one_in = [&](unsigned n) { return random() % n == 0; };
  metric::Attributes host{{"host.name", std::string("h")}};
  std::vector<metric::ResourcePtr> kept;
  for (std::int64_t i = 0; i < 6; ++i)
    kept.push_back(metric::make_resource({{"process.pid", i / 2}}));  // some alike
  std::string device = "sda";
  std::size_t first_row = 0;
  otlp::Encoder encoder("1.0");
  Batch batch;
  for (int tick = 0; tick < 400; ++tick) {
    CAPTURE(tick);
    if (one_in(20)) host.front().second = std::to_string(random());
    if (one_in(9)) kept[random() % kept.size()] = metric::make_resource({{"process.pid", 7}});
    if (one_in(9)) std::swap(kept.front(), kept.back());
    if (one_in(6)) device = one_in(3) ? "sda" : one_in(2) ? "sdb" : "\xFF";
    if (one_in(9)) first_row = random() % std::size(rows);
    const base::UnixNanos boot = one_in(9) ? 0 : kBoot + static_cast<base::UnixNanos>(random());
    batch.begin(kNow + tick, boot, selection);
    for (const metric::ResourcePtr& resource : kept) {
      if (one_in(40)) continue;
      const auto own =
          one_in(2) ? batch.add_resource(resource) : batch.add_resource(resource->attributes());
      for (const auto to : {own, metric::kHost}) {
        const Attr name("device", device);
        const Attr number = Attr::number("cpu", one_in(60) ? 1 : 0);
        for (std::size_t i = first_row; i < std::size(rows); ++i) {
          const auto attrs = one_in(90) ? metric::Attrs(&number, 1) : metric::Attrs(&name, 1);
          batch.add_integer(rows[i], static_cast<std::int64_t>(random()), attrs, to, 0, 0);
        }
      }
    }
    CHECK(encoder.encode(batch, host) == otlp::Encoder("1.0").encode(batch, host));
  }
}
