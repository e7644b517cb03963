// SPDX-License-Identifier: Apache-2.0
#include "forward/verdict.hpp"

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "fakes.hpp"

using namespace edgehaul;
using forward::judge_failure;
using forward::judge_grpc;
using forward::judge_http;
using forward::Kind;
using forward::Verdict;
using otlp::Signal;
using std::chrono::milliseconds;
using test::field;
using test::response;
using test::varint_field;

namespace {

constexpr base::UnixNanos kNow = 784'111'777LL * 1'000'000'000;
const http::Headers kProtobuf{{"content-type", "application/x-protobuf"}};
const http::Headers kJson{{"content-type", "application/json"}};
const http::Headers kText{{"content-type", "text/plain; charset=utf-8"}};

std::string status_body(int code, std::string_view message, int retry_seconds = 0) {
  std::string out = varint_field(1, static_cast<std::uint64_t>(code)) + field(2, message);
  if (retry_seconds > 0) {
    const std::string delay = field(1, varint_field(1, static_cast<std::uint64_t>(retry_seconds)));
    out += field(3, field(1, "type.googleapis.com/google.rpc.RetryInfo") + field(2, delay));
  }
  return out;
}

std::string partial_body(int rejected, std::string_view message) {
  return field(1, varint_field(1, static_cast<std::uint64_t>(rejected)) + field(2, message));
}

Verdict of_code(grpc::Code code, std::string message = {}, std::string details = {},
                std::string body = {}) {
  grpc::Answer answer;
  answer.code = code;
  answer.message = std::move(message);
  answer.details = std::move(details);
  answer.body = std::move(body);
  answer.http_status = 200;
  answer.has_status = true;
  const auto said = response(200, {}, {{"content-type", "application/grpc"}});
  return judge_grpc(Signal::metrics, said, answer, kNow);
}

}  // namespace

TEST_CASE("verdict: every HTTP status") {
  const std::set<int> retry{408, 409, 423, 425, 429, 499};
  const std::set<int> hold{401, 402, 403, 404, 405, 406, 407, 410, 411, 412, 414,
                           415, 417, 421, 426, 428, 431, 451, 501, 505, 511};
  for (int status = 0; status <= 1000; ++status) {
    CAPTURE(status);
    Kind expected = Kind::hold;
    if (status >= 200 && status <= 299) expected = Kind::delivered;
    if (status >= 400 && status <= 499) expected = Kind::reject;
    if (status >= 500 && status <= 599) expected = Kind::retry;
    if (retry.count(status) > 0) expected = Kind::retry;
    if (hold.count(status) > 0) expected = Kind::hold;
    if (status == 413) expected = Kind::split;
    if (status == 500) expected = Kind::doubtful;
    CHECK(forward::kind_of_status(status) == expected);
    CHECK(judge_http(Signal::logs, response(status), kNow).kind == expected);
  }
}

TEST_CASE("verdict: every gRPC code") {
  const std::map<int, Kind> expected{
      {0, Kind::delivered}, {1, Kind::retry},     {2, Kind::doubtful}, {3, Kind::reject},
      {4, Kind::retry},     {5, Kind::hold},      {6, Kind::reject},   {7, Kind::hold},
      {8, Kind::doubtful},  {9, Kind::reject},    {10, Kind::retry},   {11, Kind::retry},
      {12, Kind::hold},     {13, Kind::doubtful}, {14, Kind::retry},   {15, Kind::retry},
      {16, Kind::hold},
  };
  for (const auto& [code, kind] : expected) {
    CAPTURE(code);
    CHECK(forward::kind_of_code(static_cast<grpc::Code>(code)) == kind);
    CHECK(of_code(static_cast<grpc::Code>(code)).kind == kind);
  }
  CHECK(of_code(grpc::Code::unimplemented).is_of_signal);
  CHECK_FALSE(of_code(grpc::Code::unauthenticated).is_of_signal);
  CHECK(of_code(grpc::Code::deadline_exceeded).is_slow);
}

TEST_CASE("verdict: RESOURCE_EXHAUSTED and its cousins") {
  using grpc::Code;
  const auto throttled =
      of_code(Code::resource_exhausted, "slow down", status_body(8, "slow down", 7));
  CHECK(throttled.kind == Kind::retry);
  CHECK(throttled.hint == milliseconds(7'000));
  CHECK(of_code(Code::resource_exhausted,
                "grpc: received message larger than max (4194305 vs. 4194304)")
            .kind == Kind::split);
  const auto bare = of_code(Code::resource_exhausted, "quota");
  CHECK(bare.kind == Kind::doubtful);
  CHECK(bare.is_size_suspected);
  CHECK(of_code(Code::out_of_range,
                "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes")
            .kind == Kind::split);
  CHECK(of_code(Code::unavailable, "busy", status_body(14, "busy", 3)).hint == milliseconds(3'000));
  CHECK(of_code(Code::unavailable, "busy", "\xff\xff\xff garbage").kind == Kind::retry);
  CHECK(of_code(Code::unavailable, "busy").words == "UNAVAILABLE: busy");
}

TEST_CASE("verdict: retry hints of HTTP") {
  auto busy = response(503, status_body(14, "queue is full", 9), kProtobuf);
  auto verdict = judge_http(Signal::metrics, busy, kNow);
  CHECK(verdict.kind == Kind::retry);
  CHECK(verdict.words == "503 Service Unavailable: queue is full");
  CHECK(verdict.hint == milliseconds(9'000));
  busy.headers.emplace_back("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT");
  CHECK(judge_http(Signal::metrics, busy, kNow).hint == milliseconds(20'000));
  CHECK(judge_http(Signal::metrics, response(429, {}, {{"retry-after", "30"}}), kNow).hint ==
        milliseconds(30'000));
  CHECK_FALSE(
      judge_http(Signal::metrics, response(429, {}, {{"retry-after", "later"}}), kNow).hint);
}

TEST_CASE("verdict: a 400 that means too large") {
  CHECK(judge_http(Signal::logs,
                   response(400, status_body(3, "http: request body too large"), kProtobuf), kNow)
            .kind == Kind::split);
  CHECK(
      judge_http(Signal::logs, response(400, "http: request body too large\n", kText), kNow).kind ==
      Kind::split);
  CHECK(
      judge_http(Signal::logs, response(400, status_body(3, "bad metric"), kProtobuf), kNow).kind ==
      Kind::reject);
}

TEST_CASE("verdict: words from every kind of error body") {
  struct Row {
    std::string body;
    http::Headers headers;
    std::string words;
  };
  const Row rows[] = {
      {R"({"code":400,"message":"stream is being deleted"})", kJson,
       "400 Bad Request: stream is being deleted"},
      {"Unauthorized Access\n", kText, "400 Bad Request: Unauthorized Access"},
      {"<html><body>nginx</body></html>", {{"content-type", "text/html"}}, "400 Bad Request"},
      {std::string("\x12\xff", 2), kProtobuf, "400 Bad Request"},
      {"", {}, "400 Bad Request"},
      {"two\nlines\x1b[31m", kText, "400 Bad Request: two lines [31m"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(judge_http(Signal::logs, response(400, row.body, row.headers), kNow).words == row.words);
  }
  const auto huge =
      judge_http(Signal::logs, response(400, std::string(100'000, 'x'), kText), kNow).words;
  CHECK(huge.size() < 400);
}

TEST_CASE("verdict: success") {
  auto verdict = judge_http(Signal::metrics, response(200, {}, kProtobuf), kNow);
  CHECK(verdict.kind == Kind::delivered);
  CHECK(verdict.partial.is_full());
  CHECK_FALSE(verdict.is_odd);

  for (const int status : {200, 206}) {
    verdict = judge_http(Signal::logs, response(status, partial_body(3, "Too old data"), kProtobuf),
                         kNow);
    CHECK(verdict.kind == Kind::delivered);
    CHECK(verdict.partial.rejected == 3);
    CHECK(verdict.partial.message == "Too old data");
    // OpenObserve labels protobuf as JSON here.
    verdict =
        judge_http(Signal::logs, response(status, partial_body(3, "Too old data"), kJson), kNow);
    CHECK(verdict.partial.rejected == 3);
  }
  verdict = judge_http(
      Signal::metrics,
      response(200, R"({"partialSuccess":{"rejectedDataPoints":"5","errorMessage":"no"}})", kJson),
      kNow);
  CHECK(verdict.partial.rejected == 5);

  verdict = judge_http(Signal::metrics, response(200, "OK", kText), kNow);
  CHECK(verdict.kind == Kind::delivered);
  CHECK(verdict.is_odd);

  CHECK(of_code(grpc::Code::ok, {}, {}, partial_body(2, "x")).partial.rejected == 2);
  verdict = of_code(grpc::Code::ok, {}, {}, "\xff\xff");
  CHECK(verdict.kind == Kind::delivered);
  CHECK(verdict.is_odd);
}

TEST_CASE("verdict: a web page has taken nothing") {
  const auto verdict =
      judge_http(Signal::metrics,
                 response(200, "<html>sign in</html>", {{"content-type", "text/html"}}), kNow);
  CHECK(verdict.kind == Kind::hold);
}

TEST_CASE("verdict: redirects name their target without secrets") {
  const auto verdict = judge_http(
      Signal::metrics,
      response(308, {}, {{"location", "https://u:secret@new.example/v1/metrics?token=t0p"}}), kNow);
  CHECK(verdict.kind == Kind::hold);
  CHECK(verdict.words == "308: moved to https://new.example/v1/metrics; correct the endpoint");
}

TEST_CASE("verdict: plain HTTP in place of gRPC") {
  const grpc::Answer unused;
  struct Row {
    int status;
    Kind kind;
  };
  for (const Row& row : {Row{200, Kind::hold}, Row{400, Kind::hold}, Row{401, Kind::hold},
                         Row{404, Kind::hold}, Row{413, Kind::split}, Row{429, Kind::retry},
                         Row{502, Kind::retry}, Row{503, Kind::retry}, Row{504, Kind::retry}}) {
    CAPTURE(row.status);
    CHECK(judge_grpc(Signal::metrics, response(row.status), unused, kNow).kind == row.kind);
  }
  const auto busy = response(503, {}, {{"retry-after", "4"}});
  CHECK(judge_grpc(Signal::metrics, busy, unused, kNow).hint == milliseconds(4'000));
}

TEST_CASE("verdict: failures of the exchange") {
  const std::map<Errc, Kind> expected{
      {Errc::refused, Kind::retry},   {Errc::absent, Kind::retry},
      {Errc::timeout, Kind::retry},   {Errc::unavailable, Kind::retry},
      {Errc::cancelled, Kind::retry}, {Errc::full, Kind::retry},
      {Errc::io, Kind::retry},        {Errc::invalid, Kind::hold},
      {Errc::too_large, Kind::hold},  {Errc::malformed, Kind::hold},
  };
  for (const auto& [code, kind] : expected) {
    const auto verdict = judge_failure(Error(code, "why\nnot"));
    CHECK(verdict.kind == kind);
    CHECK(verdict.words == "why not");
    CHECK(verdict.is_slow == (code == Errc::timeout));
  }
  for (const char* words : {"SSL certificate problem: certificate has expired",
                            "TLS handshake failed: tlsv1 alert unknown ca"}) {
    CHECK(judge_failure(Error(Errc::io, words)).kind == Kind::hold);
  }
}
