// SPDX-License-Identifier: Apache-2.0
// What the operator may set of forwarding. Plain data, filled by config; one entry per destination,
// in the order of spool::Options::destinations.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.hpp"
#include "http/options.hpp"

namespace edgehaul::forward {

enum class Protocol : std::uint8_t { grpc, http };

struct Destination {
  std::string name;      // unique; names the progress in the spool
  std::string endpoint;  // normalised: http[s]://host:port[/path]; http: signal paths are appended
  Protocol protocol = Protocol::grpc;
  codec::Coding compression = codec::Coding::gzip;
  std::vector<std::pair<std::string, std::string>> headers;  // secrets resolved; never logged
  http::TlsOptions tls;
  http::ProxyOptions proxy;
  std::chrono::milliseconds timeout{30'000};  // one request
  std::uint64_t max_request = 3'500'000;      // uncompressed bytes of one request
  std::chrono::milliseconds backoff_initial{1'000};
  std::chrono::milliseconds backoff_max{60'000};
  std::uint64_t backlog_max_rate = 0;  // bytes per second on the wire; 0: no limit
};

struct Options {
  std::vector<Destination> destinations;
  std::chrono::milliseconds stop_grace{5'000};  // time for a last attempt at stop
};

}  // namespace edgehaul::forward
