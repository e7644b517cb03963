// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

Key count(Key key) {
  return as(Type::count, std::move(key));
}

relay::ListenerOptions& of_grpc(Slot s) {
  return s.config.receive.grpc;
}
relay::ListenerOptions& of_http(Slot s) {
  return s.config.receive.http;
}

// The rows that both listeners have; `Of` finds the listener, `at` is its section with a dot.
template <relay::ListenerOptions& (*Of)(Slot)>
void add_identity(std::vector<Key>& rows, const std::string& at, const std::string& listen) {
  rows.push_back(row(
      at + "listen", [](Slot s) -> auto& { return Of(s).listen; }, listen));
  const auto tls_file = [&](const char* name, std::string& (*target)(Slot), const char* help) {
    rows.push_back(as(Type::path, row(at + "tls." + name, target, help)));
  };
  tls_file(
      "cert_file", [](Slot s) -> auto& { return Of(s).tls.cert_file; },
      "PEM file of the server's certificate and its chain.");
  tls_file(
      "key_file", [](Slot s) -> auto& { return Of(s).tls.key_file; },
      "PEM file of the certificate's key.");
  tls_file(
      "client_ca_file", [](Slot s) -> auto& { return Of(s).tls.client_ca_file; },
      "PEM file of the authorities of client certificates; when set, a client must have one.");
  rows.push_back(secret(row(
      at + "auth.basic", [](Slot s) -> auto& { return Of(s).access.basic; },
      "USER:PASSWORD pairs that may send.")));
  rows.push_back(secret(row(
      at + "auth.bearer", [](Slot s) -> auto& { return Of(s).access.bearer; },
      "Bearer tokens that may send.")));
}

template <relay::ListenerOptions& (*Of)(Slot)>
void add_limits(std::vector<Key>& rows, const std::string& at, const std::string& connections,
                const std::string& body_timeout) {
  rows.push_back(
      count(row(at + "max_connections", [](Slot s) -> auto& { return Of(s).max_connections; },
                connections, {1, 100'000})));
  rows.push_back(row(at + "max_request", [](Slot s) -> auto& { return Of(s).max_request; },
                     "Bytes of one request, as sent and after decoding; larger ones are refused "
                     "for good.",
                     {64 * kKiB, 256 * kMiB}));
  rows.push_back(row(at + "max_buffered", [](Slot s) -> auto& { return Of(s).max_buffered; },
                     "Bytes of all requests on their way to the disk, one large request apart; "
                     "beyond it senders are told to come again.",
                     {kMiB, 4096 * kMiB}));
  rows.push_back(row(
      at + "body_timeout", [](Slot s) -> auto& { return Of(s).body_timeout; }, body_timeout,
      between(1s, 1h)));
  rows.push_back(row(
      at + "idle_timeout", [](Slot s) -> auto& { return Of(s).idle_timeout; },
      "A connection without requests is closed after this.", between(1s, 24h)));
}

}  // namespace

void add_receive_keys(std::vector<Key>& rows) {
  add_identity<of_grpc>(
      rows, "receive.grpc.",
      "Address and port, such as 0.0.0.0:4317 or \"[::]:4317\"; empty: no OTLP/gRPC.");
  add_limits<of_grpc>(rows, "receive.grpc.", "Connections at once; further ones are closed.",
                      "Time for one request to arrive.");
  rows.push_back(count(row("receive.grpc.max_streams",
                           [](Slot s) -> auto& { return s.config.receive.grpc.max_streams; },
                           "Calls at once on one connection.", {1, 1000})));
  rows.push_back(row(
      "receive.grpc.max_connection_age",
      [](Slot s) -> auto& { return s.config.receive.grpc.max_connection_age; },
      "A connection is ended in order after this, so that load balancers spread agents anew.",
      between(1s, 24h * 365)));
  add_identity<of_http>(
      rows, "receive.http.",
      "Address and port, such as 0.0.0.0:4318 or \"[::]:4318\"; empty: no OTLP/HTTP.");
  add_limits<of_http>(rows, "receive.http.",
                      "Connections at once; the longest idle one makes room for a new one.",
                      "Time for each 64 KiB of a request, and for its end.");
  rows.push_back(
      count(row("receive.max_peers", [](Slot s) -> auto& { return s.config.receive.max_peers; },
                "Rows of the table of peers in the status; the longest silent one makes "
                "room.",
                {1, 100'000})));
}

}  // namespace edgehaul::config
