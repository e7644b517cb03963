// SPDX-License-Identifier: Apache-2.0
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

// One authority and one server for all cases: making keys is what takes the time.
struct Bed {
  test::Authority authority{"test-ca"};
  test::Authority stranger{"other-ca"};
  test::PeerTls server = authority.issue("server", "IP:127.0.0.1,DNS:relay.example");
  test::PeerTls client = authority.issue("agent-7", "DNS:agent-7");

  ClientRequest to(const test::Peer& peer) const {
    ClientRequest request;
    request.url = peer.url();
    request.tls.ca_file = authority.ca();
    return request;
  }
};

const Bed& bed() {
  static const Bed made;
  return made;
}

}  // namespace

TEST_CASE("tls: a server of the named authority is believed, others are not") {
  const test::Peer peer(test::always(test::ok("secure")), bed().server);
  ClientRequest request = bed().to(peer);
  Client client;
  CHECK(client.perform(request)->body == "secure");
  CHECK(client.perform(request)->body == "secure");
  CHECK(peer.connections() == 1);

  request.tls.ca_file = bed().stranger.ca();
  const auto strange = client.perform(request);
  REQUIRE_FALSE(strange.has_value());
  CHECK(strange.error().code == Errc::io);
  CHECK_MESSAGE(has(strange.error().message, "certificate"), strange.error().message);

  request.tls.ca_file.clear();  // the system's authorities do not know it either
  CHECK_FALSE(client.perform(request).has_value());
}

TEST_CASE("tls: a connection made without verification is not lent to a request that wants it") {
  const test::Peer peer(test::always(test::ok("x")), bed().server);
  ClientRequest request = bed().to(peer);
  request.tls.ca_file = bed().stranger.ca();
  request.tls.insecure_skip_verify = true;
  Client client;
  CHECK(client.perform(request).has_value());
  request.tls.insecure_skip_verify = false;
  CHECK_FALSE(client.perform(request).has_value());
}

TEST_CASE("tls: the certificate's name is the URL's host or server_name") {
  const test::Peer peer(test::always(test::ok("x")),
                        bed().authority.issue("named", "DNS:relay.example"));
  ClientRequest request = bed().to(peer);
  Client client;
  const auto mismatch = client.perform(request);
  REQUIRE_FALSE(mismatch.has_value());
  CHECK(mismatch.error().code == Errc::io);
  CHECK_MESSAGE(has(mismatch.error().message, "127.0.0.1"), mismatch.error().message);

  request.tls.server_name = "relay.example";
  const auto named = client.perform(request);
  REQUIRE_MESSAGE(named.has_value(), named.error().message);
  CHECK(named->remote == "127.0.0.1:" + std::to_string(peer.port()));
  request.tls.server_name = "other.example";
  CHECK_FALSE(client.perform(request).has_value());
  request.tls.server_name = "no name";
  CHECK(client.perform(request).error().code == Errc::invalid);
}

TEST_CASE("tls: server_name leaves the Host header alone") {
  std::string seen;
  std::uint16_t port = 0;
  {
    const test::Peer peer(
        [&](test::Connection& connection) {
          seen = connection.read_request();
          connection.write(test::ok("x"));
        },
        bed().server);
    port = peer.port();
    ClientRequest request = bed().to(peer);
    request.tls.server_name = "relay.example";
    CHECK(Client().perform(request).has_value());
  }
  CHECK(has(seen, "\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n"));
}

TEST_CASE("tls: client certificates") {
  test::PeerTls demanding = bed().server;
  demanding.client_ca = bed().authority.ca();
  const test::Peer peer(test::always(test::ok("known")), demanding);
  ClientRequest request = bed().to(peer);
  Client client;
  const auto unknown = client.perform(request);
  REQUIRE_FALSE(unknown.has_value());
  CAPTURE(unknown.error().message);
  CHECK((unknown.error().code == Errc::io || unknown.error().code == Errc::unavailable));

  request.tls.cert_file = bed().client.cert;
  request.tls.key_file = bed().client.key;
  CHECK(client.perform(request)->body == "known");

  // A connection of one certificate is not lent to a request with another or none.
  request.tls.cert_file.clear();
  request.tls.key_file.clear();
  CHECK_FALSE(client.perform(request).has_value());
}

TEST_CASE("tls: files that cannot be used are the operator's fault, and named") {
  const test::Peer peer(test::always(test::ok("x")), bed().server);
  const test::TempDir dir;
  dir.write("garbage", "not PEM at all");
  struct Row {
    std::string http::TlsOptions::*file;
    std::string path;
  };
  const Row rows[] = {
      {&http::TlsOptions::ca_file, "/nonexistent/ca.pem"},
      {&http::TlsOptions::cert_file, "/nonexistent/cert.pem"},
      {&http::TlsOptions::ca_file, dir.at("garbage")},
      {&http::TlsOptions::cert_file, dir.at("garbage")},
      {&http::TlsOptions::key_file, dir.at("garbage")},
      {&http::TlsOptions::key_file, bed().server.key},  // of another certificate
  };
  for (const Row& row : rows) {
    ClientRequest request = bed().to(peer);
    request.tls.cert_file = bed().client.cert;
    request.tls.key_file = bed().client.key;
    request.tls.*row.file = row.path;
    const auto response = Client().perform(request);
    REQUIRE_FALSE(response.has_value());
    CAPTURE(response.error().message);
    CHECK(response.error().code == Errc::invalid);
    CHECK((has(response.error().message, row.path) || row.path == bed().server.key));
  }
}

TEST_CASE("tls: a peer that speaks cleartext is an error of TLS, not a hang") {
  const test::Peer talker([](test::Connection& connection) {
    connection.write("220 mail.example ESMTP\r\n");
    connection.wait_closed();
  });
  ClientRequest request = bed().to(talker);
  request.url = "https://127.0.0.1:" + std::to_string(talker.port());
  request.timeout = std::chrono::seconds(10);
  CHECK(Client().perform(request).error().code == Errc::io);
}
