// SPDX-License-Identifier: Apache-2.0
// What a failed exchange means: libcurl's result and the circumstances become one Error that says
// where, in which phase and why. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <curl/curl.h>

#include "base/result.hpp"

namespace edgehaul::http {

struct Circumstances {
  std::string place;      // "host:port", "unix:/path", with " via proxy host:port"
  std::string words;      // libcurl's own, may be empty
  int os_error = 0;       // errno of the last connect
  long proxy_answer = 0;  // status of the proxy's answer to CONNECT; 0: none
  bool connected = false;
  bool was_resolved = false;
  std::size_t max_response = 0;
};

Error describe_failure(CURLcode code, const Circumstances& at);

// The deadline of the whole exchange has passed.
Error describe_timeout(std::chrono::milliseconds limit, const Circumstances& at);

}  // namespace edgehaul::http
