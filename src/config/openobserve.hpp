// SPDX-License-Identifier: Apache-2.0
// preset: openobserve: what its OTLP/HTTP wants, made of organization, user and password. Reads the
// password's file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/fault.hpp"
#include "config/keys.hpp"

namespace edgehaul::config {

// What is wrong with one key of the destination ("password_file").
struct KeyComplaint {
  Severity severity;
  std::string key;
  std::string message;
  std::string suggestion;
};

// Completes endpoint, protocol and headers. `has_protocol`: the operator wrote one.
std::vector<KeyComplaint> apply_openobserve(Draft& draft, bool has_protocol);

}  // namespace edgehaul::config
