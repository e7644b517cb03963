// SPDX-License-Identifier: Apache-2.0
// What the operator may set of receiving. Plain data, filled by config.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "http/options.hpp"

namespace edgehaul::relay {

// Who may send. Both empty: everybody that TLS lets in.
struct AccessOptions {
  std::vector<std::string> basic;   // "user:password"; secrets
  std::vector<std::string> bearer;  // tokens; secrets

  bool operator==(const AccessOptions&) const = default;
};

struct ListenerOptions {
  std::string listen;     // "0.0.0.0:4317" as the operator wrote it; empty: no such listener
  std::string address{};  // of it
  std::uint16_t port = 0;
  http::ServerTls tls{};
  AccessOptions access{};
  std::uint64_t max_connections = 1024;
  std::uint64_t max_request = 64ULL << 20;   // bytes of one request after decoding
  std::uint64_t max_buffered = 32ULL << 20;  // bytes of all requests under way
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds idle_timeout{300'000};

  bool operator==(const ListenerOptions&) const = default;
};

struct GrpcOptions : ListenerOptions {
  std::uint64_t max_streams = 32;                           // calls at once per connection
  std::chrono::milliseconds max_connection_age{1'800'000};  // spreads agents over relays

  bool operator==(const GrpcOptions&) const = default;
};

struct Options {
  GrpcOptions grpc{{.listen = "0.0.0.0:4317"}};
  ListenerOptions http{.listen = "0.0.0.0:4318", .body_timeout = std::chrono::seconds(30)};
  std::uint64_t max_peers = 1000;  // rows of the reception table

  bool operator==(const Options&) const = default;
};

}  // namespace edgehaul::relay
