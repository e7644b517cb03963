// SPDX-License-Identifier: Apache-2.0
// What the operator may set of forwarding. Plain data, filled by config; one entry per destination,
// in the order of spool::Options::destinations.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/codec.hpp"
#include "forward/window.hpp"
#include "http/options.hpp"

namespace edgehaul::forward {

enum class Protocol : std::uint8_t { grpc, http };

// What becomes of a record that is older than a destination takes.
enum class TooOld : std::uint8_t {
  keep,  // set aside, for people
  drop,
};

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
  std::uint64_t backlog_max_rate = 0;                  // bytes per second on the wire; 0: no limit
  std::optional<DailyWindow> backlog_forbid;           // no backlog is sent meanwhile
  std::array<std::chrono::milliseconds, 5> max_age{};  // by spool::Signal; 0: no limit
  TooOld too_old = TooOld::keep;
};

struct Options {
  std::vector<Destination> destinations;
  std::chrono::milliseconds stop_grace{5'000};  // time for a last attempt at stop
};

}  // namespace edgehaul::forward
