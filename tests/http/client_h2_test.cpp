// SPDX-License-Identifier: Apache-2.0
// HTTP/2 against nghttpd; a counting forwarder stands before it to see the connections.
#include <doctest/doctest.h>

#include "http/client.hpp"
#include "http/peer.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;
using http::Client;
using http::ClientRequest;
using http::Version;

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

test::Peer::Script forward_to(const test::Nghttpd& server) {
  return [&server](test::Connection& connection) { connection.pump(server.port()); };
}

ClientRequest get(const test::Peer& front, Version version = Version::http2_prior_knowledge) {
  ClientRequest request;
  request.url = front.url("/index.html");
  request.version = version;
  return request;
}

void run_all(Client& client) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (client.active() > 0 && std::chrono::steady_clock::now() < end)
    client.run(100ms);
  CHECK(client.active() == 0);
}

}  // namespace

TEST_CASE("h2: cleartext requests in turn share one connection") {
  const test::Nghttpd server({"--trailer", "grpc-status: 0", "--trailer", "grpc-message: fine"});
  const test::Peer front(forward_to(server));
  Client client;
  for (int i = 0; i < 5; ++i) {
    ClientRequest request = get(front);
    request.headers = {{"te", "trailers"}};
    const auto response = client.perform(request);
    REQUIRE_MESSAGE(response.has_value(), response.error().message);
    CHECK(response->status == 200);
    CHECK(response->body == "hello over h2");
    CHECK(response->trailers == http::Headers{{"grpc-status", "0"}, {"grpc-message", "fine"}});
    CHECK(http::header(response->headers, "grpc-status").empty());
    CHECK(http::header(response->headers, "content-length") == "13");
  }
  CHECK(front.connections() == 1);
  CHECK(test::eventually([&] { return has(server.log(), "te: trailers"); }));
}

TEST_CASE("h2: cleartext requests at once share one connection") {
  const test::Nghttpd server;
  const test::Peer front(forward_to(server));
  Client client;
  int good = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      client.start(get(front), [&](auto result) {
        CHECK_MESSAGE(result.has_value(), result.error().message);
        good += result.has_value() && result->body == "hello over h2" ? 1 : 0;
      });
    }
    run_all(client);
  }
  CHECK(good == 60);
  CHECK(front.connections() == 1);
}

TEST_CASE("h2: bodies larger than the peer's window go through, and come back") {
  const test::Nghttpd server({"--echo-upload", "-w", "14", "-W", "16"});
  const test::Peer front(forward_to(server));
  Client client;
  int good = 0;
  for (int i = 0; i < 3; ++i) {
    ClientRequest request = get(front);
    request.method = "POST";
    request.body = std::string(1'000'000, static_cast<char>('a' + i));
    client.start(request, [&, body = request.body](auto result) {
      REQUIRE_MESSAGE(result.has_value(), result.error().message);
      CHECK(result->sent_bytes == body.size());
      good += result->body == body ? 1 : 0;
    });
  }
  run_all(client);
  CHECK(good == 3);
}

TEST_CASE("h2: cancelling one stream leaves the others and the connection") {
  const test::Nghttpd server;
  const test::Peer front(forward_to(server));
  Client client;
  REQUIRE(client.perform(get(front)).has_value());
  int good = 0;
  int cancelled = 0;
  std::vector<http::TransferId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(
        client.start(get(front), [&](auto result) { ++(result.has_value() ? good : cancelled); }));
  }
  client.cancel(ids[1]);
  run_all(client);
  CHECK(good == 3);
  CHECK(cancelled == 1);
  CHECK(client.perform(get(front)).has_value());
  CHECK(front.connections() == 1);
}

TEST_CASE("h2: a connection on which a deadline passed is not used again") {
  const test::Nghttpd server;
  const test::Peer front([&](test::Connection& connection) {
    if (connection.number() == 1) return connection.wait_closed();  // swallows everything
    connection.pump(server.port());
  });
  Client client;
  ClientRequest request = get(front);
  request.timeout = 50ms;
  CHECK(client.perform(request).error().code == Errc::timeout);
  CHECK(client.perform(get(front))->body == "hello over h2");
  CHECK(front.connections() == 2);
}

TEST_CASE("h2: a peer that goes away in the middle leaves no doubt about the doubt") {
  const test::Peer peer([](test::Connection& connection) {
    std::string ignored;
    connection.read_some(ignored);
    connection.write(std::string("\0\0\0\4\0\0\0\0\0", 9));  // SETTINGS, then nothing more
  });
  ClientRequest request = get(peer);
  const auto gone = Client().perform(request);
  CHECK(gone.error().code == Errc::unavailable);
  CHECK(has(gone.error().message, "127.0.0.1:" + std::to_string(peer.port()) + ": "));
}

TEST_CASE("h2: a peer that speaks HTTP/1.1 only is an error") {
  const test::Peer peer(test::always(test::ok("one point one")));
  ClientRequest request = get(peer);
  request.timeout = 5s;
  const auto response = Client().perform(request);
  REQUIRE_FALSE(response.has_value());
  CHECK((response.error().code == Errc::unavailable || response.error().code == Errc::io));
}

TEST_CASE("h2: over TLS by ALPN, and HTTP/1.1 where that is not offered") {
  const test::Authority authority("test-ca");
  const test::PeerTls tls = authority.issue("server", "IP:127.0.0.1");
  const test::Nghttpd server({"--trailer", "x-end: 1"}, tls);
  const test::Peer front(forward_to(server));
  const test::Peer old(test::always(test::ok("one point one")), tls);
  Client client;
  for (const Version version :
       {Version::automatic, Version::http2_prior_knowledge, Version::automatic}) {
    ClientRequest request = get(front, version);
    request.url = "https://127.0.0.1:" + std::to_string(front.port()) + "/index.html";
    request.tls.ca_file = authority.ca();
    const auto response = client.perform(request);
    REQUIRE_MESSAGE(response.has_value(), response.error().message);
    CHECK(response->trailers == http::Headers{{"x-end", "1"}});
    request.url = old.url();
    const auto answer = client.perform(request);
    CHECK(answer.has_value() == (version == Version::automatic));
    if (answer) CHECK(answer->body == "one point one");
  }
  CHECK(front.connections() == 1);
}
