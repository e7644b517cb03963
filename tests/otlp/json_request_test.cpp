// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_request.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "otlp/json_view.hpp"
#include "otlp/request.hpp"

using edgehaul::Errc;
using edgehaul::otlp::from_json;
using edgehaul::otlp::Signal;

namespace {
constexpr std::size_t kLimit = 1 << 20;

constexpr std::string_view kLogs = R"({"resourceLogs":[{"resource":{"attributes":[{"key":"a",
 "value":{"arrayValue":{"values":[{"intValue":"-7"},{"doubleValue":1.5},{"boolValue":true},{}]}}}]},
 "unknown":{"deep":[1,{"x":null}]},
 "scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"timeUnixNano":"1700000000000000000",
 "severityNumber":9,"body":{"stringValue":"gr\u00fc\u00df"},"traceId":"5B8EFFF798038103D269B633813FC60C",
 "spanId":"eee19b7ec3c1b174","flags":1}]}]}]})";
}  // namespace

TEST_CASE("json request: becomes protobuf that reads back the same") {
  const auto request = from_json(Signal::logs, kLogs, kLimit);
  REQUIRE_MESSAGE(request.has_value(), request.error().message);
  CHECK(edgehaul::otlp::inspect(Signal::logs, *request)->items == 1);
  const std::string text = *edgehaul::otlp::request_to_json(Signal::logs, *request);
  for (const std::string_view part :
       {"\"intValue\":\"-7\"", "\"boolValue\":true", "\"timeUnixNano\":\"1700000000000000000\"",
        "\"traceId\":\"5b8efff798038103d269b633813fc60c\"", "\"severityNumber\":9", "grüß"}) {
    CAPTURE(part);
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  }
  // The order of keys is free, so the texts are compared and not the bytes.
  const auto again = from_json(Signal::logs, text, kLimit);
  REQUIRE(again.has_value());
  CHECK(*edgehaul::otlp::request_to_json(Signal::logs, *again) == text);
}

TEST_CASE("json request: long messages get long lengths") {
  const std::string body(100'000, 'x');
  const auto request =
      from_json(Signal::logs,
                R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":")" + body +
                    R"("}}]}]}]})",
                kLimit);
  REQUIRE(request.has_value());
  CHECK(edgehaul::otlp::inspect(Signal::logs, *request)->items == 1);
  CHECK(from_json(Signal::logs,
                  R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":")" +
                      body + R"("}}]}]}]})",
                  1000)
            .error()
            .code == Errc::too_large);
}

TEST_CASE("json request: what is wrong is said with its place") {
  struct Row {
    std::string_view json;
    std::string_view words;
  };
  for (const Row& row : std::to_array<Row>(
           {{"", "not JSON"},
            {"[]", "not an object"},
            {"{} x", "after"},
            {R"({"resourceLogs":{}})", "resourceLogs: an object is not expected"},
            {R"({"resourceLogs":[{"schemaUrl":7}]})", "resourceLogs.schemaUrl: not a string"},
            {R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"}]}]}]})",
             "not hexadecimal"},
            {R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]})",
             "not such a number"},
            {R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":1.5}]}]}]})",
             "not such a number"}})) {
    CAPTURE(row.json);
    const auto request = from_json(Signal::logs, row.json, kLimit);
    REQUIRE_FALSE(request.has_value());
    CAPTURE(request.error().message);
    CHECK(request.error().message.find(row.words) != std::string::npos);
  }
  CHECK(from_json(Signal::profiles, "{}", kLimit).error().code == Errc::invalid);
  CHECK(from_json(Signal::metrics, "{}", kLimit).value_or("fault").empty());
}

TEST_CASE("json request: depth and snake_case") {
  std::string deep = R"({"resourceLogs":)";
  for (int i = 0; i < 5000; ++i)
    deep += "[";
  CHECK_FALSE(from_json(Signal::logs, deep, kLimit).has_value());
  CHECK(
      from_json(Signal::logs, R"({"resource_logs":[{"x":1}]})", kLimit).value_or("fault").empty());
}

TEST_CASE("json request: numbers keep every bit") {
  struct Row {
    std::string_view text;
    double value;
  };
  for (const Row& row : std::to_array<Row>({{"0.1", 0.1},
                                            {"-487828.7289539207", -487828.7289539207},
                                            {"0.30000000000000004", 0.30000000000000004},
                                            {"1234567.8901234567", 1234567.8901234567},
                                            {"-1011945.1099564647", -1011945.1099564647},
                                            {"8.41e21", 8.41e21},
                                            {"9007199254740993.0", 9007199254740993.0},
                                            {"1.7976931348623157e308", 1.7976931348623157e308},
                                            {"2.2250738585072014E-308", 2.2250738585072014e-308},
                                            {"5e-324", 5e-324},
                                            {"1e-400", 0.0},
                                            {"-0.0", -0.0}})) {
    for (const std::string_view quote : {"", "\""}) {
      if (!quote.empty() && row.text == "1e-400") continue;  // no finite number but zero is near
      const std::string json =
          R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"asDouble":)" +
          std::string(quote) + std::string(row.text) + std::string(quote) + "}]}}]}]}]}";
      CAPTURE(json);
      const auto request = from_json(Signal::metrics, json, kLimit);
      REQUIRE(request.has_value());
      REQUIRE(request->size() >= sizeof(double));
      double kept = 0;
      std::memcpy(&kept, request->data() + request->size() - sizeof kept, sizeof kept);
      CHECK(std::bit_cast<std::uint64_t>(kept) == std::bit_cast<std::uint64_t>(row.value));
    }
  }
}
