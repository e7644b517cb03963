// SPDX-License-Identifier: Apache-2.0
// OTLP/gRPC as senders see it.
#include <string>

#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "relay/bench.hpp"

using namespace edgehaul;
using grpc::Code;
using test::Bench;
using test::logs;

TEST_CASE("relay grpc: the four signals are kept, byte for byte, in every coding") {
  Bench bench;
  bench.start();
  for (const codec::Coding coding :
       {codec::Coding::identity, codec::Coding::gzip, codec::Coding::zstd}) {
    const auto answer =
        bench.call(std::string(otlp::grpc_path(otlp::Signal::logs)), logs(5), {}, coding);
    CHECK(answer.code == Code::ok);
    CHECK(answer.body.empty());
  }
  const auto kept = bench.kept();
  REQUIRE(kept.size() == 3);
  for (const auto& record : kept)
    CHECK(record.body == logs(5));
  CHECK(bench.peer().items == 15);
  CHECK(bench.call(std::string(otlp::grpc_path(otlp::Signal::metrics)), "").code == Code::ok);
  CHECK(bench.call(std::string(otlp::grpc_path(otlp::Signal::profiles)), test::field(2, "")).code ==
        Code::ok);
}

TEST_CASE("relay grpc: malformed is INVALID_ARGUMENT and says where, too large has no RetryInfo") {
  Bench bench;
  bench.options.grpc.max_request = 1000;
  bench.start();
  const auto malformed = bench.call_logs(test::field(1, "\x7F"));
  CHECK(malformed.code == Code::invalid_argument);
  CHECK(malformed.message.find("resource_logs[0]") != std::string::npos);
  const auto large = bench.call_logs(logs(200));
  CHECK(large.code == Code::resource_exhausted);
  CHECK(large.details.empty());
  CHECK(bench.call("/opentelemetry.proto.collector.logs.v1.LogsService/Import", logs(1)).code ==
        Code::unimplemented);
  CHECK(bench.kept().empty());
}

TEST_CASE("relay: credentials are asked for on both listeners, and name the peer") {
  Bench bench;
  bench.options.grpc.access.bearer = {"t0ken"};
  bench.options.http.access.basic = {"store-17:secret"};
  bench.start();
  CHECK(bench.call_logs(logs(1)).code == Code::unauthenticated);
  CHECK(bench.call_logs(logs(1), {{"authorization", "Bearer t0ken"}}).code == Code::ok);
  auto without = bench.send(bench.post("/v1/logs", logs(1)));
  CHECK(without.status == 401);
  CHECK(http::header(without.headers, "www-authenticate") == "Basic realm=\"edgehaul\"");
  auto with = bench.post("/v1/logs", logs(1));
  with.headers.emplace_back("authorization",
                            "Basic " + base::base64_encode("store-17:secret", true));
  CHECK(bench.send(std::move(with)).status == 200);
  std::string names;
  for (const auto& row : bench.peers->rows())
    names += row.name + " ";
  CHECK(names.find("store-17") != std::string::npos);
  CHECK(names.find("bearer 1") != std::string::npos);
  CHECK(names.find("secret") == std::string::npos);
  CHECK(bench.kept().size() == 2);
}

TEST_CASE("relay grpc: with the memory for requests used up, calls are told to come again") {
  Bench bench;
  bench.options.grpc.max_buffered = 1000;  // less than one call's window
  bench.start();
  const auto answer = bench.call_logs(logs(1));
  CHECK(answer.code == Code::unavailable);
  CHECK(otlp::parse_status(answer.details, false)->retry_delay == std::chrono::seconds(1));
}
