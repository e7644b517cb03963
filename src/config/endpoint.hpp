// SPDX-License-Identifier: Apache-2.0
// Endpoints and proxies: taken apart, completed and written back. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::config {

struct Endpoint {
  std::string scheme;      // lower case; empty when none was written
  std::string host;        // with brackets around an IPv6 address
  std::uint32_t port = 0;  // 0: none was written
  std::string path;        // without trailing slashes; "" or "/…"
  bool has_user = false;   // user@ or user:password@ stood before the host

  std::string url() const;
};

// "https://host:4317/path" or "host:4317"; queries, fragments and blanks are refused.
Result<Endpoint> parse_endpoint(std::string_view text);

// The same text with what stands before an '@' hidden.
std::string redact(std::string_view url);

}  // namespace edgehaul::config
