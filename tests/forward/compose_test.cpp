// SPDX-License-Identifier: Apache-2.0
#include "forward/compose.hpp"

#include <doctest/doctest.h>

#include "base/codec.hpp"
#include "fakes.hpp"
#include "grpc/call.hpp"

using namespace edgehaul;
using forward::compose;
using forward::request_url;

namespace {

int count(const http::Headers& headers, std::string_view name) {
  return static_cast<int>(std::count_if(headers.begin(), headers.end(),
                                        [name](const auto& h) { return h.first == name; }));
}

}  // namespace

TEST_CASE("compose: the signal's path goes behind the endpoint's") {
  struct Row {
    const char* endpoint;
    const char* url;
  };
  for (const Row& row :
       {Row{"http://h:4318", "http://h:4318/v1/logs"}, Row{"http://h/", "http://h/v1/logs"},
        Row{"http://h/api/org", "http://h/api/org/v1/logs"},
        Row{"http://h/api//", "http://h/api/v1/logs"},
        Row{"http://h/a?k=v", "http://h/a/v1/logs?k=v"}}) {
    CHECK(request_url(row.endpoint, "/v1/logs") == row.url);
  }
}

TEST_CASE("compose: OTLP/HTTP") {
  const std::string body = test::numbered(7, 5'000);
  for (const auto coding : {codec::Coding::identity, codec::Coding::gzip, codec::Coding::zstd}) {
    auto destination = test::http_destination();
    destination.compression = coding;
    destination.headers = {{"Authorization", "Basic abc"}, {"Content-Type", "text/evil"}};
    destination.timeout = std::chrono::milliseconds(2'000);
    destination.tls.ca_file = "/ca.pem";
    destination.proxy.url = "http://proxy:1";
    const auto request = compose(destination, otlp::Signal::traces, body);
    REQUIRE(request.has_value());
    CHECK(request->method == "POST");
    CHECK(request->url == "http://central:4318/v1/traces");
    CHECK(http::header(request->headers, "content-type") == "application/x-protobuf");
    CHECK(count(request->headers, "content-type") == 1);
    CHECK(http::header(request->headers, "authorization") == "Basic abc");
    CHECK(http::header(request->headers, "user-agent").starts_with("edgehaul/"));
    const bool is_plain = coding == codec::Coding::identity;
    CHECK(http::header(request->headers, "content-encoding") ==
          (is_plain ? "" : codec::coding_name(coding)));
    CHECK(codec::decode(coding, request->body, 1U << 20U).value() == body);
    CHECK(request->timeout == destination.timeout);
    CHECK(request->connect_timeout == destination.timeout);
    CHECK(request->tls.ca_file == "/ca.pem");
    CHECK(request->proxy.url == "http://proxy:1");
  }
}

TEST_CASE("compose: an operator's user agent replaces ours") {
  auto destination = test::http_destination();
  destination.headers = {{"User-Agent", "shop/1"}};
  const auto request = compose(destination, otlp::Signal::logs, "");
  REQUIRE(request.has_value());
  CHECK(count(request->headers, "user-agent") == 1);
  CHECK(http::header(request->headers, "user-agent") == "shop/1");
}

TEST_CASE("compose: OTLP/gRPC") {
  const std::string body = test::numbered(7, 5'000);
  auto destination = test::http_destination();
  destination.protocol = forward::Protocol::grpc;
  destination.compression = codec::Coding::gzip;
  destination.endpoint = "http://central:4317/";
  destination.headers = {{"Authorization", "Basic abc"}, {"grpc-timeout", "1n"}};
  const auto request = compose(destination, otlp::Signal::metrics, body);
  REQUIRE(request.has_value());
  CHECK(request->url ==
        "http://central:4317" + std::string(otlp::grpc_path(otlp::Signal::metrics)));
  CHECK(http::header(request->headers, "content-type").starts_with("application/grpc"));
  CHECK(http::header(request->headers, "grpc-encoding") == "gzip");
  CHECK(http::header(request->headers, "authorization") == "Basic abc");
  CHECK(http::header(request->headers, "grpc-timeout") != "1n");
  CHECK(count(request->headers, "user-agent") == 1);
  CHECK(http::header(request->headers, "user-agent").starts_with("edgehaul/"));
  CHECK(grpc::unframe(request->body, codec::Coding::gzip, 1U << 20U).value() == body);
}
