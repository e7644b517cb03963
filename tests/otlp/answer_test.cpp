// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <doctest/doctest.h>
#include <google/rpc/status.pb.h>

#include "base/text.hpp"
#include "otlp/answer.hpp"
#include "otlp/messages.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;
using otlp::Signal;

namespace {

constexpr Signal kAll[] = {Signal::metrics, Signal::logs, Signal::traces, Signal::profiles};

using MetricsResponse = opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceResponse;

}  // namespace

TEST_CASE("answer: full success is an empty body, and {} in JSON") {
  for (const Signal signal : kAll) {
    CHECK(otlp::make_success(signal, {}, false).empty());
    CHECK(otlp::make_success(signal, {}, true) == "{}");
    for (const bool is_json : {false, true})
      CHECK(otlp::parse_success(signal, "", is_json).value().is_full());
  }
}

TEST_CASE("answer: partial success comes back as it was made") {
  for (const Signal signal : kAll) {
    for (const bool is_json : {false, true}) {
      for (const otlp::PartialSuccess& made :
           {otlp::PartialSuccess{3, "too \"old\"\n"}, otlp::PartialSuccess{0, "a warning"},
            otlp::PartialSuccess{INT64_MAX, ""}}) {
        const auto read =
            otlp::parse_success(signal, otlp::make_success(signal, made, is_json), is_json);
        REQUIRE(read);
        CHECK(read->rejected == made.rejected);
        CHECK(read->message == made.message);
      }
    }
  }
  CHECK(otlp::make_success(Signal::logs, {2, "x"}, true) ==
        R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"x"}})");
  MetricsResponse response;
  REQUIRE(response.ParseFromString(otlp::make_success(Signal::metrics, {2, "x"}, false)));
  CHECK(response.partial_success().rejected_data_points() == 2);
  CHECK(response.partial_success().error_message() == "x");
}

TEST_CASE("answer: what servers say in JSON") {
  struct Row {
    const char* body;
    std::int64_t rejected;
    const char* message;
  };
  const Row rows[] = {
      {"{}", 0, ""},
      {" \n", 0, ""},
      {R"({"partialSuccess":{}})", 0, ""},
      {R"({"partialSuccess":null})", 0, ""},
      {R"({"partialSuccess":[1]})", 0, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":"12","errorMessage":"old"}})", 12, "old"},
      {R"({"partialSuccess":{"rejectedDataPoints":12,"other":{"a":[]}},"more":1})", 12, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":12.0}})", 12, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":-4}})", 0, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":1e300}})", 0, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":18446744073709551615}})", INT64_MAX, ""},
      {R"({"partialSuccess":{"rejectedDataPoints":"many","errorMessage":7}})", 0, ""},
      {R"({"partial_success":{"error_message":"snake"}})", 0, "snake"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto read = otlp::parse_success(Signal::metrics, row.body, true);
    REQUIRE(read);
    CHECK(read->rejected == row.rejected);
    CHECK(read->message == row.message);
  }
  for (const char* body : {"OK", "[]", "{", "1", "<html>", "\xFF"})
    CHECK(otlp::parse_success(Signal::metrics, body, true).error().code == Errc::malformed);
}

TEST_CASE("answer: protobuf of strangers") {
  // An unknown field, then a partial success with an unknown field and broken UTF-8.
  const auto read = otlp::parse_success(
      Signal::logs, std::string("\x18\x01\x0A\x09\x08\x05\x1A\x01z\x12\x02\xFF!", 13), false);
  REQUIRE(read);
  CHECK(read->rejected == 5);
  CHECK(read->message == "\uFFFD!");
  const std::string negative("\x0A\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 13);
  CHECK(otlp::parse_success(Signal::logs, negative, false).value().rejected == 0);
  for (const char* body : {"Not Found", "\x0A\x05z", "{\"partialSuccess\":{}}", "\x0A\x02\x08\x80"})
    CHECK(otlp::parse_success(Signal::logs, body, false).error().code == Errc::malformed);
}

TEST_CASE("answer: words of peers are bounded and valid") {
  const std::string text = std::string(1023, 'a') + "ö" + std::string(100'000, 'b');
  for (const bool is_json : {false, true}) {
    const auto read = otlp::parse_success(
        Signal::metrics, otlp::make_success(Signal::metrics, {1, text}, is_json), is_json);
    REQUIRE(read);
    CHECK(read->message == std::string(1023, 'a'));
  }
  const std::string broken(3000, '\xFF');
  const auto status = otlp::parse_status(otlp::make_status({14, broken, {}}, false), false);
  REQUIRE(status);
  CHECK(status->message.size() <= 1024);
  CHECK(status->message.size() > 1000);
  CHECK(text::is_utf8(status->message));
}

TEST_CASE("answer: status both ways, with and without a delay") {
  for (const bool is_json : {false, true}) {
    for (const auto delay : {0ms, 1ms, 999ms, 1000ms, 2300ms, 61'500ms}) {
      const auto read =
          otlp::parse_status(otlp::make_status({14, "full \"up\"", delay}, is_json), is_json);
      REQUIRE(read);
      CHECK(read->code == 14);
      CHECK(read->message == "full \"up\"");
      REQUIRE(read->retry_delay);
      CHECK(read->retry_delay->count() == delay.count());
    }
    const auto read = otlp::parse_status(otlp::make_status({-1, "", {}}, is_json), is_json);
    REQUIRE(read);
    CHECK(read->code == -1);
    CHECK(!read->retry_delay);
  }
  CHECK(
      otlp::make_status({8, "slow", 1500ms}, true) ==
      R"({"code":8,"message":"slow","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500s"}]})");
}

TEST_CASE("answer: status as the generated classes write and read it") {
  google::rpc::Status status;
  status.set_code(14);
  status.set_message("busy");
  google::rpc::BadRequest other;
  other.add_field_violations()->set_field("x");
  auto& first = *status.add_details();
  first.set_type_url("type.googleapis.com/google.rpc.BadRequest");
  first.set_value(other.SerializeAsString());
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(7);
  info.mutable_retry_delay()->set_nanos(250'000'000);
  auto& second = *status.add_details();
  second.set_type_url("example.org/google.rpc.RetryInfo");
  second.set_value(info.SerializeAsString());
  const auto read = otlp::parse_status(status.SerializeAsString(), false);
  REQUIRE(read);
  CHECK(read->retry_delay == 7250ms);
  CHECK(read->message == "busy");

  google::rpc::Status back;
  REQUIRE(back.ParseFromString(otlp::make_status({14, "busy", 7250ms}, false)));
  REQUIRE(back.details_size() == 1);
  CHECK(back.details(0).type_url() == "type.googleapis.com/google.rpc.RetryInfo");
  google::rpc::RetryInfo made;
  REQUIRE(made.ParseFromString(back.details(0).value()));
  CHECK(made.SerializeAsString() == info.SerializeAsString());
}

TEST_CASE("answer: delays that nobody should believe are bounded") {
  struct Row {
    std::int64_t seconds;
    std::int32_t nanos;
    std::chrono::milliseconds delay;
  };
  for (const Row& row : {Row{INT64_MAX, 0, 24h}, Row{INT64_MIN, -1, 0ms}, Row{1, INT32_MAX, 1999ms},
                         Row{1, INT32_MIN, 1000ms}}) {
    google::rpc::Status status;
    google::rpc::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(row.seconds);
    info.mutable_retry_delay()->set_nanos(row.nanos);
    auto& detail = *status.add_details();
    detail.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
    detail.set_value(info.SerializeAsString());
    CHECK(otlp::parse_status(status.SerializeAsString(), false).value().retry_delay == row.delay);
  }
  struct Text {
    const char* delay;
    std::optional<std::chrono::milliseconds> expected;
  };
  for (const Text& row :
       {Text{"1e30s", 24h}, Text{"-5s", 0ms}, Text{"0.9999s", 1000ms}, Text{"5", std::nullopt},
        Text{"nans", std::nullopt}, Text{"s", std::nullopt}, Text{"3s", 3000ms}}) {
    CAPTURE(row.delay);
    const std::string body =
        std::string(R"({"details":[1,{"@type":"google.rpc.RetryInfo","retryDelay":")") + row.delay +
        R"("}]})";
    CHECK(otlp::parse_status(body, true).value().retry_delay == row.expected);
  }
}

TEST_CASE("answer: status of servers that know no google.rpc.Status") {
  CHECK(otlp::parse_status(R"({"code":503,"message":"memtable"})", true).value().code == 503);
  CHECK(otlp::parse_status(R"({"error":"bad org"})", true).value().message == "bad org");
  CHECK(otlp::parse_status(R"({"code":"x","details":"y"})", true).value().code == 0);
  CHECK(otlp::parse_status(R"({"code":99999999999})", true).value().code == INT32_MAX);
  CHECK(otlp::parse_status("Unauthorized Access", true).error().code == Errc::malformed);
  CHECK(otlp::parse_status("Unauthorized Access", false).error().code == Errc::malformed);
  CHECK(otlp::parse_status(std::string(100'000, '['), true).error().code == Errc::malformed);
  CHECK(otlp::parse_status(std::string(5'000'000, ' '), true).error().code == Errc::too_large);
}
