// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "config/endpoint.hpp"
#include "config/headers.hpp"
#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;
using edgehaul::forward::Protocol;

namespace {

struct Row {
  std::string_view settings;  // inside forward: [{…}]
  std::string_view url;
  Protocol protocol;
  std::string_view faults;  // without "edgehaul.yaml:1: ", notes too
};

Case destination(std::string_view settings) {
  return Case(fmt::format("forward: [{{{}}}]\n", settings));
}

std::string bare_faults(const Case& one) {
  std::string text = one.faults_from(Severity::note);
  const std::string_view prefix = "edgehaul.yaml:1: ";
  for (std::size_t at; (at = text.find(prefix)) != std::string::npos;)
    text.erase(at, prefix.size());
  return text;
}

}  // namespace

TEST_CASE("destination: endpoints are completed, oddities told") {
  const std::vector<Row> rows{
      {"endpoint: 'https://c.example:4317'", "https://c.example:4317", Protocol::grpc, ""},
      {"endpoint: 'http://[::1]:4317'", "http://[::1]:4317", Protocol::grpc, ""},
      {"endpoint: 'HTTPS://c:4317/'", "https://c:4317", Protocol::grpc, ""},
      {"endpoint: 'c:4317'", "https://c:4317", Protocol::grpc,
       "note: forward[0].endpoint = c:4317: without a scheme TLS is used (write https://, or "
       "http:// for plaintext)\n"},
      {"endpoint: 'c:4317', tls: {insecure: true}", "http://c:4317", Protocol::grpc, ""},
      {"endpoint: 'https://c:4317', tls: {insecure: true}", "https://c:4317", Protocol::grpc,
       "forward[0].tls.insecure = true: contradicts https:// in the endpoint (write http://, or "
       "tls.insecure_skip_verify to encrypt without checking who answers)\n"},
      {"endpoint: 'https://c'", "https://c:4317", Protocol::grpc,
       "note: forward[0].endpoint = https://c: without a port 4317 is used\n"},
      {"endpoint: 'https://c', protocol: http", "https://c:443", Protocol::http,
       "note: forward[0].endpoint = https://c: without a port 443 is used\n"},
      {"endpoint: 'http://c/otlp/', protocol: http", "http://c:80/otlp", Protocol::http,
       "note: forward[0].endpoint = http://c/otlp/: without a port 80 is used\n"},
      {"endpoint: 'http://c:4318'", "http://c:4318", Protocol::http,
       "note: forward[0].endpoint = http://c:4318: protocol: http is taken from its port or "
       "path\n"},
      {"endpoint: 'http://c:4318', protocol: grpc", "http://c:4318", Protocol::grpc,
       "warning: forward[0].endpoint = http://c:4318: port 4318 usually speaks HTTP, not gRPC "
       "(protocol: http)\n"},
      {"endpoint: 'http://c:4317', protocol: http", "http://c:4317", Protocol::http,
       "warning: forward[0].endpoint = http://c:4317: port 4317 usually speaks gRPC, not HTTP "
       "(protocol: grpc)\n"},
      {"endpoint: 'http://c:4318/v1/metrics', protocol: http", "http://c:4318", Protocol::http,
       "warning: forward[0].endpoint = http://c:4318/v1/metrics: /v1/metrics is appended by "
       "edgehaul and was taken off (remove it)\n"},
      {"endpoint: 'http://c:5080/api/default/', protocol: http", "http://c:5080/api/default",
       Protocol::http, ""},
      {"endpoint: 'http://c:5080', protocol: http", "http://c:5080", Protocol::http,
       "warning: forward[0].endpoint = http://c:5080: OpenObserve wants its organization in the "
       "path (such as http://c:5080/api/default)\n"},
      {"endpoint: 'http://c:5081'", "http://c:5081", Protocol::grpc,
       "warning: forward[0].headers: OpenObserve's gRPC wants the header organization (such as "
       "organization: default)\n"},
      {"endpoint: 'http://c:5081', headers: {Organization: default}", "http://c:5081",
       Protocol::grpc, ""},
      {"endpoint: 'http://c:4317/x', protocol: grpc", "http://c:4317/x", Protocol::grpc,
       "forward[0].endpoint = http://c:4317/x: gRPC has no path (remove it, or write protocol: "
       "http)\n"},
      {"endpoint: 'c:4318', protocol: http", "https://c:4318", Protocol::http,
       "forward[0].endpoint = c:4318: has no scheme (begin it with https:// or http://)\n"},
      {"endpoint: 'grpc://c:4317'", "grpc://c:4317", Protocol::grpc,
       "forward[0].endpoint = grpc://c:4317: unknown scheme (https:// or http://)\n"},
      {"endpoint: 'https://joe:pass@c:4317'", "https://c:4317", Protocol::grpc,
       "forward[0].endpoint = https://***@c:4317: a user has no place in an endpoint (use "
       "headers: {authorization: \"Basic …\"})\n"},
      {"name: x", "", Protocol::grpc,
       "forward[0].endpoint: missing (such as https://central.example:4317)\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.settings);
    const Case one = destination(row.settings);
    const Loaded loaded = one.load();
    CHECK(bare_faults(one) == row.faults);
    REQUIRE(loaded.config.forward.destinations.size() == 1);
    CHECK(loaded.config.forward.destinations[0].endpoint == row.url);
    CHECK(loaded.config.forward.destinations[0].protocol == row.protocol);
  }
}

TEST_CASE("endpoint: what is none") {
  for (const char* text :
       {"", "https://", "http://:4317", "http://c:0", "http://c:65536", "http://c:port",
        "http://c:", "http://a b", "http://[::1", "http://[x]:1", "http://c:4317?x=1",
        "http://c:4317#x", "http://c\n", "http://ü:1", "http://[]:1", "["}) {
    CAPTURE(text);
    CHECK_FALSE(parse_endpoint(text));
  }
  CHECK_FALSE(parse_endpoint("http://" + std::string(3000, 'a')));
  CHECK(redact("http://u:p@x@h:1/") == "http://***@h:1/");
  CHECK(redact("u:p@h") == "***@h");
}

TEST_CASE("destination: headers are judged without quoting them") {
  struct Header {
    std::string_view name;
    std::string_view value;
    std::string_view message;  // begins with; empty: right
  };
  const std::vector<Header> rows{
      {"authorization", "Basic YWRtaW5Ab3Blbm9ic2VydmUuZGV2OmFkbWlu", ""},
      {"Authorization", "Basic YTpi", ""},
      {"authorization", "basic YTpiYg==", ""},
      {"authorization", "Bearer abc.def", ""},
      // One character short, as it is found in a published guide.
      {"Authorization", "Basic YWRtaW5Ab3Blbm9ic2VydmUuZGV2OmFkbWl",
       "what follows Basic is not valid base64: its length is not a multiple of 4"},
      {"authorization", "Basic admin:admin", "what follows Basic is not base64"},
      {"authorization", "Basic YTpi YTpi", "what follows Basic is not base64"},
      {"authorization", "Basic YWFh", "what follows Basic is not USER:PASSWORD"},
      {"authorization", "Basic", "nothing follows Basic"},
      {"authorization", "Basic ====", "what follows Basic is not base64"},
      {"authorization", "YTpi", "its value has no scheme"},
      {"x-token", "a\nb", "its value has a line break or control character"},
      {"x-token", "", "its value is empty"},
      {"x token", "a", "not a header name"},
      {"", "a", "not a header name"},
      {"Content-Type", "text/plain", "edgehaul sets this header itself"},
      {"grpc-timeout", "1S", "edgehaul sets this header itself"},
      {"stream-name", "default", ""},
  };
  for (const Header& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    const auto complaint = judge_header(row.name, row.value);
    CHECK(complaint.has_value() == !row.message.empty());
    if (complaint) CHECK(complaint->message.starts_with(row.message));
  }
  const Case one(
      "forward:\n"
      "  - endpoint: http://c:4317\n"
      "    headers:\n"
      "      x-a: b\n"
      "      authorization: Basic YTpiYs3cr3t\n");
  CHECK(
      one.faults().starts_with("edgehaul.yaml:5: forward[0].headers.authorization: what follows"));
  CHECK(one.faults().find("s3cr3t") == std::string::npos);
  CHECK(destination("endpoint: 'http://c:4317', headers: {authorization: Bearer x}").faults() ==
        "edgehaul.yaml:1: warning: forward[0].headers.authorization: is sent unencrypted over "
        "http://\n");
}

TEST_CASE("destination: TLS files must be there and hold what they should") {
  Case one;
  one.dir.write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  one.dir.write("key.pem", "-----BEGIN EC PRIVATE KEY-----\n");
  const auto load = [&](const std::string& tls, const char* scheme = "https") {
    one.dir.write("edgehaul.yaml",
                  fmt::format("forward:\n  - endpoint: {}://c:4317\n    tls:\n{}", scheme, tls));
    return one.faults();
  };
  const std::string ca = one.dir.at("ca.pem");
  const std::string key = one.dir.at("key.pem");
  CHECK(load(fmt::format("      ca_file: {}\n      cert_file: {}\n      key_file: {}\n", ca, ca,
                         key)) == "");
  CHECK(load("      ca_file: /no/such\n") ==
        "edgehaul.yaml:4: forward[0].tls.ca_file = /no/such: cannot be read: No such file or "
        "directory\n");
  CHECK(load("      ca_file: /\n") ==
        "edgehaul.yaml:4: forward[0].tls.ca_file = /: not a plain file\n");
  CHECK(load(fmt::format("      ca_file: {}\n", key)) ==
        "edgehaul.yaml:4: forward[0].tls.ca_file = key.pem: holds no certificate in PEM form\n");
  CHECK(load(fmt::format("      cert_file: {}\n", ca)) ==
        "edgehaul.yaml:4: forward[0].tls.cert_file = ca.pem: needs tls.key_file beside it\n");
  CHECK(load(fmt::format("      key_file: {}\n", key)) ==
        "edgehaul.yaml:4: forward[0].tls.key_file = key.pem: needs tls.cert_file beside it\n");
  CHECK(load(fmt::format("      ca_file: {}\n", ca), "http") ==
        "edgehaul.yaml:4: warning: forward[0].tls.ca_file = ca.pem: has no effect: the endpoint is "
        "plaintext (write https:// in the endpoint)\n");
  CHECK(load("      insecure_skip_verify: true\n").find("warning: forward[0].tls.insecure_skip") !=
        std::string::npos);
}

TEST_CASE("destination: proxies and pauses") {
  const auto proxy = [](const char* text) {
    return destination(fmt::format("endpoint: 'https://c:4317', proxy: '{}'", text));
  };
  CHECK(proxy("p:3128").load().config.forward.destinations[0].proxy.url == "http://p:3128");
  CHECK(proxy("http://u:pw@p:3128").load().config.forward.destinations[0].proxy.url ==
        "http://u:pw@p:3128");
  CHECK(proxy("socks5://u:pw@p").faults() ==
        "edgehaul.yaml:1: forward[0].proxy = socks5://***@p: not an HTTP proxy (http:// or "
        "https://)\n");
  CHECK(
      destination("endpoint: 'https://c:4317', no_proxy: '10.0.0.0/8'").faults() ==
      "edgehaul.yaml:1: warning: forward[0].no_proxy = 10.0.0.0/8: has no effect without proxy\n");
  CHECK(destination("endpoint: 'https://c:4317', backoff: {initial: 5s, max: 1s}").faults() ==
        "edgehaul.yaml:1: forward[0].backoff.initial = 5s: longer than backoff.max\n");
}

TEST_CASE("destination: the backlog's forbidden hours and what is too old") {
  const auto to = destination(
                      "endpoint: 'https://c:4317', backlog: {forbid: '08:00-18:00'}, "
                      "max_age: {logs: 5h}, too_old: drop")
                      .load()
                      .config.forward.destinations.at(0);
  CHECK(to.backlog_forbid ==
        edgehaul::forward::DailyWindow{std::chrono::hours(8), std::chrono::hours(18)});
  CHECK(to.max_age.at(2) == std::chrono::hours(5));
  CHECK(to.max_age.at(1).count() == 0);
  CHECK(to.too_old == edgehaul::forward::TooOld::drop);
  CHECK(destination("endpoint: 'https://c:4317', backlog: {forbid: at night}").faults() ==
        "edgehaul.yaml:1: forward[0].backlog.forbid = at night: not a stretch of the day (such as "
        "\"08:00-18:00\")\n");
}

TEST_CASE("destination: names") {
  CHECK(destination("endpoint: 'https://c:4317'").load().config.spool.destinations ==
        std::vector<std::string>{"default"});
  const Case two(
      "forward:\n"
      "  - {endpoint: 'https://a:4317', name: one}\n"
      "  - {endpoint: 'https://b:4317', name: one}\n"
      "  - {endpoint: 'https://c:4317'}\n"
      "  - {endpoint: 'https://d:4317', name: 'a/b'}\n");
  CHECK(
      two.faults() ==
      "edgehaul.yaml:3: forward[1].name = one: the name of two destinations, first at "
      "edgehaul.yaml:2 (progress through the spool is kept by name)\n"
      "edgehaul.yaml:4: forward[2].name: missing: several destinations are told apart by their "
      "names (add name: NAME)\n"
      "edgehaul.yaml:5: forward[3].name = a/b: not a name (up to 64 letters, digits, '.', '_' and "
      "'-')\n");
  std::string many = "forward:\n";
  for (std::size_t i = 0; i < 17; ++i)
    many += fmt::format("  - {{endpoint: 'https://c:4317', name: n{}}}\n", i);
  CHECK(Case(many).faults() == "edgehaul.yaml:1: forward: more than 16 destinations\n");
}

TEST_CASE("openobserve: address, user and password file are all it takes") {
  Case with;
  with.dir.write("password", "Complexpass#123\n");
  const auto load = [&](const std::string& endpoint, const std::string& more = "") {
    with.dir.write("edgehaul.yaml", "forward:\n  - preset: openobserve\n    endpoint: " + endpoint +
                                        "\n    user: root@example.com\n    password_file: " +
                                        with.dir.at("password") + "\n" + more);
    return with.load();
  };
  const Loaded plain = load("http://oo.example:5080");
  REQUIRE(plain.ok());
  const auto& to = plain.config.forward.destinations.at(0);
  CHECK(to.endpoint == "http://oo.example:5080/api/default");
  CHECK(to.protocol == edgehaul::forward::Protocol::http);
  REQUIRE(to.headers.size() == 1);
  CHECK(to.headers[0].first == "authorization");
  CHECK(to.headers[0].second == "Basic cm9vdEBleGFtcGxlLmNvbTpDb21wbGV4cGFzcyMxMjM=");
  CHECK(with.faults_from(Severity::note).find("ZO_INGEST_ALLOWED_UPTO") != std::string::npos);

  const Loaded named =
      load("https://oo.example/base/", "    organization: palette\n    stream: edge\n");
  REQUIRE(named.ok());
  const auto& other = named.config.forward.destinations.at(0);
  CHECK(other.endpoint == "https://oo.example:443/base/api/palette");
  CHECK(other.headers.back().first == "stream-name");
  CHECK(other.headers.back().second == "edge");
  CHECK(load("http://oo.example:5080/api/palette/").config.forward.destinations.at(0).endpoint ==
        "http://oo.example:5080/api/palette");
}

TEST_CASE("openobserve: what is wrong, where and what to do") {
  const auto fault = [](const std::string& inside) {
    return Case("forward:\n  - endpoint: http://oo.example:5080\n" + inside).faults();
  };
  const std::string preset = "    preset: openobserve\n";
  CHECK(fault(preset).find("forward[0].user: missing (such as root@example.com)") !=
        std::string::npos);
  CHECK(fault(preset + "    user: a@b\n").find("forward[0].password_file: missing") !=
        std::string::npos);
  CHECK(fault(preset + "    user: a@b\n    password_file: /nowhere\n")
            .find("forward[0].password_file = /nowhere: cannot be read") != std::string::npos);
  CHECK(fault(preset + "    user: a:b\n").find("has a colon") != std::string::npos);
  CHECK(fault(preset + "    protocol: grpc\n").find("the preset speaks HTTP") != std::string::npos);
  CHECK(fault("    user: a@b\n").find("belongs to a preset (write preset: openobserve)") !=
        std::string::npos);
  CHECK(Case("forward:\n  - endpoint: http://oo.example:5080/api/one\n" + preset +
             "    organization: two\n    headers: {authorization: Basic YTpi}\n")
            .faults()
            .find("forward[0].organization = two: the endpoint's path says one") !=
        std::string::npos);
}
