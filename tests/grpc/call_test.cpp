// SPDX-License-Identifier: Apache-2.0
#include "grpc/call.hpp"

#include <doctest/doctest.h>

#include "base/base64.hpp"

using namespace edgehaul;
using codec::Coding;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

http::ClientResponse answer_of(int status, http::Headers headers, http::Headers trailers,
                               std::string body) {
  http::ClientResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.trailers = std::move(trailers);
  response.body = std::move(body);
  return response;
}

http::ClientResponse grpc_answer(http::Headers trailers, std::string body) {
  return answer_of(200, {{"content-type", "application/grpc"}}, std::move(trailers),
                   std::move(body));
}

// A message under a coding, framed.
std::string framed(std::string_view plain, Coding coding) {
  return grpc::frame(codec::encode(coding, plain).value(), coding).value();
}

}  // namespace

TEST_CASE("grpc: framing both ways in each coding") {
  const std::string plain(3000, 'a');
  for (const Coding coding : {Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd}) {
    CAPTURE(static_cast<int>(coding));
    const std::string coded = framed(plain, coding);
    CHECK(coded[0] == (coding == Coding::identity ? '\0' : '\1'));
    CHECK((coded.size() < 200) == (coding != Coding::identity));
    CHECK(grpc::unframe(coded, coding, 3000) == plain);
    CHECK(grpc::unframe(coded, coding, 2999).error().code == Errc::too_large);
  }
  CHECK(grpc::frame("abc", Coding::identity) == "\0\0\0\0\3abc"s);
  CHECK(grpc::frame("", Coding::identity) == "\0\0\0\0\0"s);
  CHECK(grpc::frame(std::string(0x10203, 'x'), Coding::identity)->substr(0, 5) == "\0\0\1\2\3"s);
}

TEST_CASE("grpc: messages that are not one message") {
  struct Row {
    std::string body;
    Coding coding;
    Errc code;
  };
  const Row rows[] = {
      {"", Coding::identity, Errc::malformed},
      {"\0\0\0\0"s, Coding::identity, Errc::malformed},
      {"\0\0\0\0\4abc"s, Coding::identity, Errc::malformed},
      {"\0\0\0\0\2abc"s, Coding::identity, Errc::malformed},
      {"\0\0\0\0\0\0\0\0\0\0"s, Coding::identity, Errc::malformed},
      {"\2\0\0\0\3abc"s, Coding::identity, Errc::malformed},
      {"\1\0\0\0\3abc"s, Coding::identity, Errc::malformed},
      {"\1\0\0\0\3abc"s, Coding::gzip, Errc::malformed},
      {"\1\0\0\0\3abc"s, Coding::zstd, Errc::malformed},
      {"\1\0\0\0\0"s, Coding::gzip, Errc::malformed},
      {"\0\xFF\xFF\xFF\xFF"s, Coding::identity, Errc::too_large},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const auto message = grpc::unframe(row.body, row.coding, 1000);
    REQUIRE_FALSE(message.has_value());
    CHECK(message.error().code == row.code);
  }
}

TEST_CASE("grpc: a compressed message may be sent plain, and a bomb stops at the limit") {
  CHECK(grpc::unframe("\0\0\0\0\3abc"s, Coding::gzip, 1000) == "abc");
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    const std::string bomb = framed(std::string(50'000'000, '\0'), coding);
    REQUIRE(bomb.size() < 100'000);
    CHECK(grpc::unframe(bomb, coding, 100'000).error().code == Errc::too_large);
  }
}

TEST_CASE("grpc: what was sent is given along where it is one member or frame") {
  codec::Coded as_sent;
  CHECK(grpc::unframe("\0\0\0\0\3abc"s, Coding::zstd, 1000, &as_sent) == "abc");
  CHECK(as_sent.bytes.empty());
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    CAPTURE(codec::coding_name(coding));
    const std::string one = codec::encode(coding, "abc").value();
    CHECK(grpc::unframe(grpc::frame(one, coding).value(), coding, 1000, &as_sent) == "abc");
    CHECK(as_sent.coding == coding);
    CHECK(as_sent.bytes == one);
    as_sent = {};
    const std::string two = grpc::frame(one + one, coding).value();
    CHECK(grpc::unframe(two, coding, 1000, &as_sent) == "abcabc");
    CHECK(as_sent.bytes.empty());
  }
}

TEST_CASE("grpc: timeouts in at most eight digits") {
  CHECK(grpc::format_timeout(0ms) == "0m");
  CHECK(grpc::format_timeout(-5ms) == "0m");
  CHECK(grpc::format_timeout(30s) == "30000m");
  CHECK(grpc::format_timeout(99'999'999ms) == "99999999m");
  CHECK(grpc::format_timeout(100'000'000ms) == "100000S");
  CHECK(grpc::format_timeout(std::chrono::milliseconds::max()) == "99999999S");
}

TEST_CASE("grpc: the request of a call") {
  const auto call = grpc::make_call("https://central.example:4317/", "/pkg.Service/Export", "abc",
                                    Coding::identity, {{"Authorization", "Basic eA=="}}, 10s);
  REQUIRE(call);
  CHECK(call->method == "POST");
  CHECK(call->url == "https://central.example:4317/pkg.Service/Export");
  CHECK(call->version == http::Version::http2_prior_knowledge);
  CHECK(call->timeout == 10s);
  CHECK(call->body == "\0\0\0\0\3abc"s);
  CHECK(http::header(call->headers, "te") == "trailers");
  CHECK(http::header(call->headers, "content-type") == "application/grpc");
  CHECK(http::header(call->headers, "grpc-timeout") == "10000m");
  CHECK(http::header(call->headers, "grpc-accept-encoding") == "identity,gzip,zstd");
  CHECK(http::header(call->headers, "grpc-encoding").empty());
  CHECK(http::header(call->headers, "authorization") == "Basic eA==");
  CHECK(http::header(call->headers, "user-agent").substr(0, 9) == "edgehaul/");

  const auto zstd = grpc::make_call("http://h", "/s/m", codec::encode(Coding::zstd, "abc").value(),
                                    Coding::zstd, {{"user-agent", "mine/1"}}, 1s);
  REQUIRE(zstd);
  CHECK(http::header(zstd->headers, "grpc-encoding") == "zstd");
  CHECK(http::header(zstd->headers, "user-agent") == "mine/1");
  CHECK(grpc::unframe(zstd->body, Coding::zstd, 100) == "abc");

  const auto taken =
      grpc::make_call("http://h", "/s/m", "", Coding::identity, {{"Content-Type", "secret"}}, 1s);
  CHECK(taken.error().code == Errc::invalid);
  CHECK(taken.error().message.find("secret") == std::string::npos);
}

TEST_CASE("grpc: an answer with its message") {
  const auto plain = grpc::read_answer(grpc_answer({{"grpc-status", "0"}}, "\0\0\0\0\2ok"s), 100);
  CHECK(plain.code == grpc::Code::ok);
  CHECK(plain.has_status);
  CHECK(plain.http_status == 200);
  CHECK(plain.body == "ok");
  auto coded = grpc_answer({{"grpc-status", "0"}}, framed("ok", Coding::gzip));
  coded.headers.emplace_back("grpc-encoding", "gzip");
  CHECK(grpc::read_answer(coded, 100).body == "ok");
}

TEST_CASE("grpc: trailers-only answers, messages and details") {
  http::Headers fields = {{"content-type", "application/grpc"},
                          {"grpc-status", "8"},
                          {"grpc-message", "too%20much %E2%82%AC"},
                          {"grpc-status-details-bin", "CAgSAWI"}};
  const auto answer = grpc::read_answer(answer_of(200, fields, {}, ""), 100);
  CHECK(answer.code == grpc::Code::resource_exhausted);
  CHECK(answer.message == "too much €");
  CHECK(answer.details ==
        "\x08\x08\x12\x01"
        "b");
  fields.back().second = "*broken*";
  CHECK(grpc::read_answer(answer_of(200, fields, {}, ""), 100).details.empty());
  // Trailers win over headers of the same name.
  CHECK(grpc::read_answer(answer_of(200, fields, {{"grpc-status", "14"}}, ""), 100).code ==
        grpc::Code::unavailable);
}

TEST_CASE("grpc: a status that is no number of the list is UNKNOWN") {
  for (const char* status : {"17", "99999999999", "-1", "x", "1x", "256"}) {
    CAPTURE(status);
    const auto answer = grpc::read_answer(grpc_answer({{"grpc-status", status}}, ""), 100);
    CHECK(answer.code == grpc::Code::unknown);
    CHECK(answer.has_status);
  }
}

TEST_CASE("grpc: OK stands when the message cannot be read, and says why") {
  const std::string bomb = framed(std::string(10'000'000, 'x'), Coding::zstd);
  for (const std::string& body : {""s, "\0\0\0\0\5ab"s, bomb}) {
    auto response = grpc_answer({{"grpc-status", "0"}}, body);
    response.headers.emplace_back("grpc-encoding", "zstd");
    const auto answer = grpc::read_answer(response, 1000);
    CHECK(answer.code == grpc::Code::ok);
    CHECK(answer.body.empty());
    CHECK(answer.message.substr(0, 20) == "answer not readable:");
  }
  auto odd = grpc_answer({{"grpc-status", "0"}}, "\1\0\0\0\1x"s);
  odd.headers.emplace_back("grpc-encoding", "snappy");
  CHECK(grpc::read_answer(odd, 1000).message == "answer not readable: unknown grpc-encoding");
}

TEST_CASE("grpc: without grpc-status the HTTP status decides") {
  struct Row {
    int status;
    grpc::Code code;
  };
  const Row rows[] = {
      {400, grpc::Code::internal},          {401, grpc::Code::unauthenticated},
      {403, grpc::Code::permission_denied}, {404, grpc::Code::unimplemented},
      {429, grpc::Code::unavailable},       {502, grpc::Code::unavailable},
      {503, grpc::Code::unavailable},       {504, grpc::Code::unavailable},
      {500, grpc::Code::unknown},           {200, grpc::Code::unknown},
      {302, grpc::Code::unknown},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    const auto answer = grpc::read_answer(
        answer_of(row.status, {{"content-type", "text/html"}}, {}, "<b>\xFFsorry</b>"), 100);
    CHECK(answer.code == row.code);
    CHECK_FALSE(answer.has_status);
    CHECK(answer.http_status == row.status);
    CHECK(answer.message ==
          fmt::format("HTTP {} without grpc-status: <b>\xEF\xBF\xBDsorry</b>", row.status));
  }
  const auto cut = grpc::read_answer(grpc_answer({}, "\0\0\0\0\0"s), 100);
  CHECK(cut.message == "HTTP 200 without grpc-status");
  const auto long_page = grpc::read_answer(answer_of(502, {}, {}, std::string(9000, 'p')), 100);
  CHECK(long_page.message.size() < 300);
}

TEST_CASE("grpc: percent coding") {
  struct Row {
    std::string plain;
    std::string coded;
  };
  const Row rows[] = {{"", ""},           {"plain words ~", "plain words ~"},
                      {"100%", "100%25"}, {"a\nb\x7F", "a%0Ab%7F"},
                      {"\0x"s, "%00x"},   {"grün", "gr%C3%BCn"}};
  for (const Row& row : rows) {
    CHECK(grpc::percent_encode(row.plain) == row.coded);
    CHECK(grpc::percent_decode(row.coded) == row.plain);
  }
  CHECK(grpc::percent_decode("gr%c3%bcn") == "grün");
  for (const char* broken : {"%", "%4", "%zz", "a%+1b", "%%"})
    CHECK(grpc::percent_decode(broken) == broken);
  CHECK(grpc::percent_decode("%FF!") == "\xEF\xBF\xBD!");
}

TEST_CASE("grpc: base64, padded or not") {
  struct Row {
    std::string plain;
    std::string coded;
  };
  const Row rows[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foobar", "Zm9vYmFy"},
                      {"\xFB\xFF\xFE", "+//+"},
                      {"\0\0\0\0"s, "AAAAAA=="}};
  for (const Row& row : rows) {
    CAPTURE(row.coded);
    const std::string bare = row.coded.substr(0, row.coded.find('='));
    CHECK(base::base64_encode(row.plain, true) == row.coded);
    CHECK(base::base64_encode(row.plain, false) == bare);
    CHECK(base::base64_decode(row.coded) == row.plain);
    CHECK(base::base64_decode(bare) == row.plain);
  }
  for (const char* broken : {"A", "AAAAA", "Zm9v=Zm9v", "Zm 9", "Zm9-", "===", "Zg===="})
    CHECK_MESSAGE(base::base64_decode(broken).error().code == Errc::malformed, broken);
}

TEST_CASE("grpc: names of codes") {
  CHECK(grpc::code_name(grpc::Code::ok) == "OK");
  CHECK(grpc::code_name(grpc::Code::unauthenticated) == "UNAUTHENTICATED");
  CHECK(grpc::code_name(grpc::Code::resource_exhausted) == "RESOURCE_EXHAUSTED");
  CHECK(grpc::code_name(static_cast<grpc::Code>(77)) == "UNKNOWN");
}
