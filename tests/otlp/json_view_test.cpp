// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "otlp/json_text.hpp"
#include "otlp/json_view.hpp"
#include "otlp/messages.hpp"
#include "otlp/wire.hpp"

using namespace edgehaul;
using otlp::Signal;

namespace {

std::string in(std::uint32_t field, const std::string& inside) {
  std::string out;
  otlp::wire::put_bytes(out, field, inside);
  return out;
}

std::string view(Signal signal, const google::protobuf::MessageLite& request) {
  const auto text = otlp::request_to_json(signal, request.SerializeAsString());
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("json view: a log record with every kind of value") {
  test::LogsRequest request;
  auto& group = *request.add_resource_logs();
  group.set_schema_url("s");
  auto& record = *group.add_scope_logs()->add_log_records();
  record.set_time_unix_nano(UINT64_MAX);
  record.set_severity_number(opentelemetry::proto::logs::v1::SeverityNumber::SEVERITY_NUMBER_ERROR);
  record.set_flags(1);
  record.set_trace_id(std::string("\x00\x01\xAB\xFF", 4));
  auto& list = *record.mutable_body()->mutable_array_value();
  list.add_values()->set_string_value("a\"\\\n\t\r\x01\x7Fö");
  list.add_values()->set_bool_value(false);
  list.add_values()->set_int_value(INT64_MIN);
  list.add_values()->set_double_value(0.1);
  list.add_values()->set_bytes_value("ab");
  list.add_values();
  auto& entry = *list.add_values()->mutable_kvlist_value()->add_values();
  entry.set_key("k");
  entry.mutable_value()->set_double_value(std::numeric_limits<double>::infinity());
  CHECK(view(Signal::logs, request) ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"18446744073709551615",)"
        R"("severityNumber":17,"body":{"arrayValue":{"values":[)"
        R"({"stringValue":"a\"\\\n\t\r\u0001\u007fö"},{"boolValue":false},)"
        R"({"intValue":"-9223372036854775808"},{"doubleValue":0.1},{"bytesValue":"YWI="},{},)"
        R"({"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":"Infinity"}}]}}]}},)"
        R"("flags":1,"traceId":"0001abff"}]}],"schemaUrl":"s"}]})");
}

TEST_CASE("json view: histograms, packed or not, negative scales, zero values") {
  test::MetricsRequest request;
  auto& scope = *request.add_resource_metrics()->add_scope_metrics();
  auto& histogram = *scope.add_metrics()->mutable_histogram();
  histogram.set_aggregation_temporality(test::metrics::AGGREGATION_TEMPORALITY_CUMULATIVE);
  auto& point = *histogram.add_data_points();
  point.add_bucket_counts(0);
  point.add_bucket_counts(7);
  point.add_explicit_bounds(-2.5);
  point.set_sum(0);
  auto& exponential = *scope.add_metrics()->mutable_exponential_histogram()->add_data_points();
  exponential.set_scale(-3);
  exponential.mutable_positive()->set_offset(2);
  exponential.mutable_positive()->add_bucket_counts(300);
  scope.add_metrics()->mutable_gauge()->add_data_points()->set_as_int(0);
  CHECK(
      view(Signal::metrics, request) ==
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)"
      R"({"histogram":{"dataPoints":[{"sum":0,"bucketCounts":["0","7"],"explicitBounds":[-2.5]}],)"
      R"("aggregationTemporality":2}},)"
      R"({"exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":{"offset":2,)"
      R"("bucketCounts":["300"]}}]}},)"
      R"({"gauge":{"dataPoints":[{"asInt":"0"}]}}]}]}]})");
  const std::string one = std::string("\x31\x05\0\0\0\0\0\0\0", 9);
  const std::string unpacked = in(1, in(2, in(2, in(9, in(1, one + one)))));
  CHECK(otlp::request_to_json(Signal::metrics, unpacked).value() ==
        R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[)"
        R"({"bucketCounts":["5","5"]}]}}]}]}]})");
}

TEST_CASE("json view: what protobuf merges is merged, the last of a oneof counts") {
  const std::string body = in(5, in(1, "first") + in(1, "second"));
  const std::string twice = in(5, in(5, in(1, in(1, "a")))) + in(5, in(5, in(1, in(1, "b"))));
  CHECK(otlp::request_to_json(Signal::logs, in(1, in(2, in(2, body)))).value() ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"second"}}]}]}]})");
  CHECK(otlp::request_to_json(Signal::logs, in(1, in(2, in(2, twice)))).value() ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"arrayValue":{"values":[)"
        R"({"stringValue":"a"},{"stringValue":"b"}]}}}]}]}]})");
  const std::string changed = in(5, in(1, "text") + std::string("\x10\x01", 2));
  CHECK(otlp::request_to_json(Signal::logs, in(1, in(2, in(2, changed)))).value() ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"boolValue":true}}]}]}]})");
}

TEST_CASE("json view: unknown fields are left out, broken bytes refused") {
  CHECK(otlp::request_to_json(Signal::traces, in(200, "x")).value() == "{}");
  CHECK(otlp::request_to_json(Signal::traces, "\x0A\x07").error().message ==
        "request: length past the end at byte 0");
  CHECK(otlp::request_to_json(Signal::profiles, "").error().code == Errc::invalid);
}

TEST_CASE("json view: random requests give JSON with as many items") {
  struct Shape {
    Signal signal;
    const char* item;
  };
  for (const Shape& shape : {Shape{Signal::logs, "timeUnixNano"}, Shape{Signal::traces, "flags"}}) {
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
      test::Maker maker(seed);
      const std::string request = maker.request(shape.signal);
      const auto text = otlp::request_to_json(shape.signal, request);
      REQUIRE(text);
      boost::system::error_code error;
      boost::json::parse_options options;
      options.max_depth = 200;
      boost::json::parse(*text, error, {}, options);
      CHECK(!error);
      std::int64_t found = 0;
      const std::string key = std::string("\"") + shape.item + "\":";
      for (std::size_t at = text->find(key); at != std::string::npos; at = text->find(key, at + 1))
        ++found;
      CHECK(found == test::reference_count(shape.signal, request));
    }
  }
}

TEST_CASE("json view: a batch, as `sample --otlp` prints it") {
  metric::Selection selection;
  selection.set_all(true);
  metric::Batch batch;
  batch.begin(1'700'000'000'000'000'000, 1'600'000'000'000'000'000, selection);
  batch.add(metric::id("edgehaul.source.success"), std::uint64_t{1}, {{"source", "cpu"}});
  CHECK(
      otlp::to_json(batch, {{"host.name", std::string("h")}}, "1.2") ==
      R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"host.name","value":)"
      R"({"stringValue":"h"}}]},"scopeMetrics":[{"scope":{"name":"edgehaul/self","version":"1.2"},)"
      R"("metrics":[{"name":"edgehaul.source.success","description":")" +
          std::string(metric::def(metric::id("edgehaul.source.success")).description) +
          R"(","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000",)"
          R"("asInt":"1","attributes":[{"key":"source","value":{"stringValue":"cpu"}}]}]}}]}]}]})");
  batch.begin(1, 1, selection);
  CHECK(otlp::to_json(batch, {}, "1.2") == "{}");
}

TEST_CASE("json text: base64 of every remainder, numbers that read back") {
  const auto base64 = [](std::string_view bytes) {
    std::string out;
    otlp::json_text::put_base64(out, bytes);
    return out;
  };
  CHECK(base64("") == "\"\"");
  CHECK(base64("f") == "\"Zg==\"");
  CHECK(base64("fo") == "\"Zm8=\"");
  CHECK(base64("foo") == "\"Zm9v\"");
  CHECK(base64("\xFB\xFF") == "\"+/8=\"");
  std::string out;
  otlp::json_text::put_double(out, std::numeric_limits<double>::quiet_NaN());
  otlp::json_text::put_double(out, -std::numeric_limits<double>::infinity());
  otlp::json_text::put_double(out, 1e22);
  CHECK(out == R"("NaN""-Infinity"1e+22)");
}
