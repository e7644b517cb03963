// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <doctest/doctest.h>

#include "http/client.hpp"
#include "http/peer.hpp"

using namespace edgehaul;
using http::Client;
using http::ClientRequest;

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A proxy that opens tunnels to `port`, whatever is asked for, and keeps what it was sent.
struct TunnelProxy {
  explicit TunnelProxy(std::uint16_t port)
      : peer([this, port](test::Connection& connection) {
          const std::string head = connection.read_request();
          {
            const std::lock_guard lock(mutex);
            heads.push_back(head);
          }
          connection.write("HTTP/1.1 200 Connected\r\nX-Proxy: 1\r\n\r\n");
          connection.pump(port);
        }) {}
  std::mutex mutex;
  std::vector<std::string> heads;
  test::Peer peer;
};

ClientRequest through(const test::Peer& proxy, std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  request.proxy.url = "http://user:hidden@127.0.0.1:" + std::to_string(proxy.port());
  request.headers = {{"authorization", "Basic c2VjcmV0"}};
  return request;
}

}  // namespace

TEST_CASE("proxy: cleartext requests carry the whole URL") {
  std::string seen;
  const test::Peer proxy([&](test::Connection& connection) {
    seen = connection.read_request();
    connection.write(test::ok("by proxy"));
  });
  const auto response = Client().perform(through(proxy, "http://central.example:4318/v1/metrics"));
  REQUIRE(response);
  CHECK(response->body == "by proxy");
  CHECK(seen.substr(0, 54) == "GET http://central.example:4318/v1/metrics HTTP/1.1\r\nH");
  CHECK(has(seen, "\r\nProxy-Authorization: Basic dXNlcjpoaWRkZW4=\r\n"));
}

TEST_CASE("proxy: TLS goes through a tunnel that sees no header of the request") {
  const test::Authority authority("test-ca");
  const test::Peer server(test::always(test::ok("secure")),
                          authority.issue("server", "DNS:central.example"));
  TunnelProxy proxy(server.port());
  ClientRequest request = through(proxy.peer, "https://central.example:4317/");
  request.tls.ca_file = authority.ca();
  Client client;
  for (int i = 0; i < 2; ++i) {
    const auto response = client.perform(request);
    REQUIRE(response);
    CHECK(response->body == "secure");
    CHECK(http::header(response->headers, "x-proxy").empty());
  }
  REQUIRE(proxy.heads.size() == 1);
  CHECK(proxy.heads[0].substr(0, 37) == "CONNECT central.example:4317 HTTP/1.1");
  CHECK_FALSE(has(proxy.heads[0], "c2VjcmV0"));

  // The name to verify goes with the certificate, the tunnel to the host of the URL.
  request.url = "https://10.9.8.7:4317/";
  request.tls.server_name = "central.example";
  CHECK(client.perform(request)->body == "secure");
  CHECK(proxy.heads.back().substr(0, 30) == "CONNECT 10.9.8.7:4317 HTTP/1.1");
}

TEST_CASE("proxy: cleartext HTTP/2 goes through a tunnel") {
  const test::Nghttpd server;
  TunnelProxy proxy(server.port());
  ClientRequest request = through(proxy.peer, "http://central.example:4317/index.html");
  request.version = http::Version::http2_prior_knowledge;
  Client client;
  for (int i = 0; i < 3; ++i)
    CHECK(client.perform(request)->body == "hello over h2");
  CHECK(proxy.peer.connections() == 1);
}

TEST_CASE("proxy: no_proxy goes straight, the environment is not asked") {
  const test::Peer server(test::always(test::ok("direct")));
  const test::Peer proxy(test::always(test::ok("proxied")));
  ClientRequest request = through(proxy, server.url());
  CHECK(Client().perform(request)->body == "proxied");
  request.proxy.no_proxy = "10.0.0.0/8, 127.0.0.0/8";
  CHECK(Client().perform(request)->body == "direct");

  const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
    ::setenv(name, url.c_str(), 1);
  request.proxy = {};
  CHECK(Client().perform(request)->body == "direct");
  ::setenv("no_proxy", "*", 1);
  request = through(proxy, server.url());
  CHECK(Client().perform(request)->body == "proxied");
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY", "no_proxy"})
    ::unsetenv(name);
}

TEST_CASE("proxy: refusals and absences name the proxy and no password") {
  const test::Peer proxy(
      test::always("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"));
  const std::string place = "127.0.0.1:" + std::to_string(proxy.port());
  const auto refused = Client().perform(through(proxy, "https://central.example:4317/"));
  CHECK(refused.error().code == Errc::refused);
  CHECK(refused.error().message ==
        "central.example:4317 via proxy " + place + ": proxy answers 407");

  std::uint16_t port = 0;
  { port = test::Peer(test::always("")).port(); }
  ClientRequest request;
  request.url = "http://central.example/";
  request.proxy.url = "http://user:hidden@127.0.0.1:" + std::to_string(port);
  const auto absent = Client().perform(request);
  CHECK(absent.error().code == Errc::refused);
  CHECK(absent.error().message == "central.example:80 via proxy 127.0.0.1:" + std::to_string(port) +
                                      ": connect: Connection refused");
}
