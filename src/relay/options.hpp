// SPDX-License-Identifier: Apache-2.0
// What the operator may set of receiving. Plain data, filled by config.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "http/server.hpp"

namespace edgehaul::relay {

// Who may send. Both empty: everybody that TLS lets in.
struct AccessOptions {
  std::vector<std::string> basic;   // "user:password"; secrets
  std::vector<std::string> bearer;  // tokens; secrets
};

struct ListenerOptions {
  bool enabled = false;
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;
  http::ServerTls tls{};
  AccessOptions access{};
  std::size_t max_connections = 1024;
  std::size_t max_request = 64ULL << 20;   // bytes of one request after decoding
  std::size_t max_buffered = 64ULL << 20;  // bytes of all requests under way
};

struct Options {
  ListenerOptions grpc{.port = 4317};
  ListenerOptions http{.port = 4318};
  std::size_t max_streams = 32;                             // gRPC calls at once per connection
  std::chrono::milliseconds max_connection_age{1'800'000};  // gRPC; spreads agents over relays
  std::size_t max_peers = 1000;                             // rows of the reception table
};

}  // namespace edgehaul::relay
