// SPDX-License-Identifier: Apache-2.0
// Where a URL leads: its parts, and how messages name them (never with a user or password). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::http {

struct Target {
  std::string scheme;  // lower case
  std::string host;    // IPv6 addresses in brackets
  std::uint16_t port = 0;
  std::string place() const;  // "host:port"
};

// Errc::invalid when `url` is no URL of http or https; the message names `what` and does not quote
// it, since it may hold a password.
Result<Target> parse_target(std::string_view what, const std::string& url);

// The same URL with another host, keeping scheme, port, path and query.
std::string with_host(const std::string& url, const std::string& host);

// Whether `host` is on a no_proxy list: "*", "example.com" (and every name below it),
// ".example.com", an address, a CIDR block, each with an optional ":port". Entries are split at
// commas and blanks.
bool bypasses_proxy(std::string_view no_proxy, std::string_view host, std::uint16_t port);

}  // namespace edgehaul::http
