// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <doctest/doctest.h>

#include "http/ca_bundle.hpp"
#include "http/failure.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;

TEST_CASE("target: where a URL leads") {
  struct Row {
    const char* url;
    const char* place;
  };
  const Row rows[] = {
      {"http://host", "host:80"},
      {"HTTPS://host/path?q", "host:443"},
      {"http://user:secret@host:4318/v1/metrics", "host:4318"},
      {"http://[::1]:4317", "[::1]:4317"},
      {"http://10.0.0.1:1/", "10.0.0.1:1"},
  };
  for (const Row& row : rows) {
    const auto target = http::parse_target("URL", row.url);
    REQUIRE_MESSAGE(target.has_value(), row.url);
    CHECK(target->place() == row.place);
  }
}

TEST_CASE("target: what is no URL is refused without being quoted") {
  for (const char* url :
       {"", "host:4317", "/path", "ftp://host", "gopher://secret", "http://", "http://ho st/",
        "http://user:secret@:80/", "http://host:99999/", "http://host:0/", "http://host:secret/"}) {
    CAPTURE(url);
    const auto target = http::parse_target("proxy", url);
    REQUIRE_FALSE(target.has_value());
    CHECK(target.error().code == Errc::invalid);
    CHECK(target.error().message.substr(0, 7) == "proxy: ");
    CHECK(target.error().message.find("secret") == std::string::npos);
  }
  CHECK_FALSE(http::parse_target("URL", std::string("http://a\0b/", 11)).has_value());
}

TEST_CASE("target: another host in the same URL") {
  CHECK(http::with_host("https://10.0.0.1:4317/a?b=c", "relay.example") ==
        "https://relay.example:4317/a?b=c");
  CHECK(http::with_host("https://relay:4317/", "::1") == "https://[::1]:4317/");
  CHECK(http::with_host("https://relay:4317/", "bad name").empty());
}

TEST_CASE("target: no_proxy") {
  struct Row {
    const char* list;
    const char* host;
    bool bypasses;
  };
  const Row rows[] = {
      {"", "host", false},
      {"*", "host", true},
      {"other,*", "[::1]", true},
      {"example.com", "example.com", true},
      {"example.com", "a.b.example.com", true},
      {"example.com", "badexample.com", false},
      {".example.com", "a.example.com", true},
      {"*.example.com", "a.example.com", true},
      {"EXAMPLE.com.", "Example.COM", true},
      {"example.com", "example.com.evil.net", false},
      {" a , b\tc ", "c", true},
      {",,", "host", false},
      {".", "host", false},
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.30", false},
      {"10.0.0.0/8", "10.200.3.4", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.128.0.0/9", "10.127.0.1", false},
      {"10.128.0.0/9", "10.129.0.1", true},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "[::1]", false},
      {"10.0.0.0/33", "10.0.0.0", false},
      {"10.0.0.0/x", "10.0.0.0", false},
      {"10.0.0.0/", "10.0.0.0", false},
      {"fd00::/8", "[fd12::1]", true},
      {"fd00::/8", "[fe12::1]", false},
      {"::1", "[::1]", true},
      {"[::1]", "[::1]", true},
      {"[::1]:4317", "[::1]", true},
      {"[::1]:4318", "[::1]", false},
      {"host:4317", "host", true},
      {"host:4318", "host", false},
      {"10.0.0.0/8", "host", false},
      {"2.3", "10.1.2.3", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.list);
    CAPTURE(row.host);
    CHECK(http::bypasses_proxy(row.list, row.host, 4317) == row.bypasses);
  }
}

TEST_CASE("target: the host's certificate authorities, wherever the distribution keeps them") {
  for (const char* path : {"etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt",
                           "var/lib/ca-certificates/ca-bundle.pem", "etc/ssl/cert.pem"}) {
    const test::TempDir dir;
    CHECK(http::find_ca_bundle(dir.path()).empty());
    dir.write(path, "PEM");
    CHECK(http::find_ca_bundle(dir.path()) == dir.at(path));
  }
}

TEST_CASE("failure: each of libcurl's results has its code and says where") {
  struct Row {
    CURLcode result;
    Errc code;
  };
  const Row rows[] = {
      {CURLE_COULDNT_RESOLVE_HOST, Errc::absent},
      {CURLE_COULDNT_RESOLVE_PROXY, Errc::absent},
      {CURLE_COULDNT_CONNECT, Errc::refused},
      {CURLE_OPERATION_TIMEDOUT, Errc::timeout},
      {CURLE_READ_ERROR, Errc::io},
      {CURLE_FILESIZE_EXCEEDED, Errc::too_large},
      {CURLE_TOO_LARGE, Errc::too_large},
      {CURLE_SSL_CERTPROBLEM, Errc::invalid},
      {CURLE_SSL_CACERT_BADFILE, Errc::invalid},
      {CURLE_GOT_NOTHING, Errc::unavailable},
      {CURLE_SEND_ERROR, Errc::unavailable},
      {CURLE_RECV_ERROR, Errc::unavailable},
      {CURLE_PARTIAL_FILE, Errc::unavailable},
      {CURLE_HTTP2, Errc::unavailable},
      {CURLE_HTTP2_STREAM, Errc::unavailable},
      {CURLE_SSL_CONNECT_ERROR, Errc::io},
      {CURLE_PEER_FAILED_VERIFICATION, Errc::io},
      {CURLE_WEIRD_SERVER_REPLY, Errc::io},
      {CURLE_UNSUPPORTED_PROTOCOL, Errc::io},
      {CURLE_OUT_OF_MEMORY, Errc::io},
  };
  http::Circumstances at;
  at.place = "host:1";
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.result));
    const Error error = http::describe_failure(row.result, at);
    CHECK(error.code == row.code);
    CHECK(error.message.substr(0, 8) == "host:1: ");
    CHECK(error.message.size() > 8);
  }
  at.os_error = ECONNREFUSED;
  CHECK(http::describe_failure(CURLE_COULDNT_CONNECT, at).message ==
        "host:1: connect: Connection refused");
  at.os_error = ETIMEDOUT;
  CHECK(http::describe_failure(CURLE_COULDNT_CONNECT, at).code == Errc::timeout);
  at.proxy_answer = 407;
  CHECK(http::describe_failure(CURLE_RECV_ERROR, at).code == Errc::refused);
}
