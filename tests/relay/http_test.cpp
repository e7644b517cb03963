// SPDX-License-Identifier: Apache-2.0
// OTLP/HTTP as senders see it: the exact answers of the specification.
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "base/codec.hpp"
#include "relay/bench.hpp"

using namespace edgehaul;
using test::Bench;
using test::logs;

namespace {

constexpr const char* kJson = "application/json";

std::string said(const http::ClientResponse& response, bool is_json = false) {
  const auto status = otlp::parse_status(response.body, is_json);
  REQUIRE(status.has_value());
  return status->message;
}

std::string type_of(const http::ClientResponse& response) {
  return std::string(http::header(response.headers, "content-type"));
}

}  // namespace

TEST_CASE("relay http: success is an empty protobuf or {}, after the commit, byte for byte") {
  Bench bench;
  bench.start();
  const std::string body = logs(3);
  const auto protobuf = bench.send(bench.post("/v1/logs", body));
  CHECK(protobuf.status == 200);
  CHECK(type_of(protobuf) == "application/x-protobuf");
  CHECK(protobuf.body.empty());
  const auto json = bench.send(bench.post(
      "/v1/logs",
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello0"}}]}]}]})",
      "application/json; charset=utf-8"));
  CHECK(json.status == 200);
  CHECK(type_of(json) == kJson);
  CHECK(json.body == "{}");
  const auto kept = bench.kept();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].body == body);
  CHECK(kept[0].items == 3);
  CHECK(kept[0].origin == spool::Origin::peer);
  CHECK(kept[0].signal == spool::Signal::logs);
  CHECK(kept[1].body == logs(1));
  CHECK(bench.peer().name == "127.0.0.1");
  CHECK(bench.peer().items == 4);
  CHECK(bench.peer().requests == 2);
}

TEST_CASE("relay http: every coding, and profiles as they are") {
  Bench bench;
  bench.start();
  using codec::Coding;
  for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::deflate}) {
    auto request = bench.post("/v1/logs", *codec::encode(coding, logs(2)));
    request.headers.emplace_back("content-encoding", codec::coding_name(coding));
    CHECK(bench.send(std::move(request)).status == 200);
  }
  for (const auto& record : bench.kept())
    CHECK(record.body == logs(2));
  CHECK(bench.peer().items == 6);
  CHECK(bench.send(bench.post("/v1development/profiles", test::field(2, ""))).status == 200);
}

TEST_CASE("relay http: an empty request succeeds and is not kept") {
  Bench bench;
  bench.start();
  CHECK(bench.send(bench.post("/v1/metrics", "")).status == 200);
  CHECK(bench.send(bench.post("/v1/metrics", "{}", kJson)).body == "{}");
  CHECK(bench.kept().empty());
}

TEST_CASE("relay http: what is malformed is told where, in the sender's encoding") {
  Bench bench;
  bench.start();
  const std::string broken = test::field(1, test::field(2, test::field(2, test::field(3, "\xFF"))));
  const auto protobuf = bench.send(bench.post("/v1/logs", broken));
  CHECK(protobuf.status == 400);
  CHECK(said(protobuf).find("resource_logs[0].scope_logs[0].log_records[0].severity_text") !=
        std::string::npos);
  const auto json =
      bench.send(bench.post("/v1/logs", R"({"resourceLogs":[{"scopeLogs":7}]})", kJson));
  CHECK(json.status == 400);
  CHECK(type_of(json) == kJson);
  CHECK(said(json, true).find("resourceLogs.scopeLogs: a list is expected") != std::string::npos);
  auto lying = bench.post("/v1/logs", "not gzip");
  lying.headers.emplace_back("content-encoding", "gzip");
  CHECK(bench.send(std::move(lying)).status == 400);
  CHECK(bench.kept().empty());
  CHECK(bench.peer().refused == 3);
  CHECK(bench.peer().last_error.find("not gzip") != std::string::npos);
}

TEST_CASE("relay http: paths, methods, types and codings that are not served") {
  Bench bench;
  bench.start();
  CHECK(bench.send(bench.post("/v2/logs", logs(1))).status == 404);
  auto get = bench.post("/v1/logs", "");
  get.method = "GET";
  const auto method = bench.send(std::move(get));
  CHECK(method.status == 405);
  CHECK(http::header(method.headers, "allow") == "POST");
  CHECK(bench.send(bench.post("/v1/logs", logs(1), "text/plain")).status == 415);
  auto coded = bench.post("/v1/logs", logs(1));
  coded.headers.emplace_back("content-encoding", "br");
  CHECK(bench.send(std::move(coded)).status == 415);
  CHECK(bench.kept().empty());
}

TEST_CASE("relay http: too large, as sent, decoded and as JSON, is refused for good") {
  Bench bench;
  bench.options.http.max_request = 100'000;
  bench.start();
  CHECK(bench.send(bench.post("/v1/logs", std::string(100'001, '\0'))).status == 413);
  auto bomb =
      bench.post("/v1/logs", *codec::encode(codec::Coding::gzip, std::string(1 << 20, 'a')));
  bomb.headers.emplace_back("content-encoding", "gzip");
  const auto refused = bench.send(std::move(bomb));
  CHECK(refused.status == 413);
  CHECK(said(refused).find("decodes to more than 100000 bytes") != std::string::npos);
  CHECK(http::header(refused.headers, "retry-after").empty());
}

TEST_CASE("relay http: a full spool says come again, and takes again when there is room") {
  Bench bench;
  bench.spooling.max_size = 2U << 20;
  bench.start();
  std::optional<http::ClientResponse> refused;
  std::string noise(60'000, '\0');
  std::uint32_t state = 1;
  std::uint64_t accepted = 0;
  for (int i = 0; i < 500 && !refused; ++i) {
    for (char& byte : noise)
      byte = static_cast<char>('!' + ((state = state * 1664525U + 1013904223U) >> 24) % 90);
    auto response = bench.send(bench.post("/v1/logs", logs(1, noise)));
    if (response.status == 200) {
      ++accepted;
    } else {
      refused = std::move(response);
    }
  }
  REQUIRE(refused.has_value());
  CHECK(refused->status == 503);
  CHECK(http::header(refused->headers, "retry-after") == "5");
  CHECK(said(*refused).find("full") != std::string::npos);
  const auto status = otlp::parse_status(refused->body, false);
  CHECK(status->retry_delay == std::chrono::seconds(5));
  CHECK(bench.peer().deferred == 1);
  const grpc::Answer answer = bench.call_logs(logs(1, noise));
  CHECK(answer.code == grpc::Code::unavailable);
  CHECK(otlp::parse_status(answer.details, false)->retry_delay == std::chrono::seconds(5));
  std::vector<spool::RecordId> ids;
  for (const auto& record : bench.kept())
    ids.push_back(record.id);
  CHECK(ids.size() == accepted);  // nothing acknowledged made room
  REQUIRE(bench.spool->settle(0, ids, spool::Outcome::delivered).has_value());
  CHECK(bench.send(bench.post("/v1/logs", logs(1, noise))).status == 200);
}
