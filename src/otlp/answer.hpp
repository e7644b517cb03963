// SPDX-License-Identifier: Apache-2.0
// Export…ServiceResponse and google.rpc.Status, both directions (OTLP specification "OTLP/HTTP
// Response"). Reading is lenient about what strangers send; nothing here fails on garbage. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::otlp {

struct PartialSuccess {
  std::int64_t rejected = 0;  // items
  std::string message;
  bool is_full() const { return rejected == 0 && message.empty(); }
};

// A success body. Errc::malformed when it does not parse under its type (caller decides).
Result<PartialSuccess> parse_success(Signal signal, std::string_view body, bool is_json);

struct Status {
  std::int32_t code = 0;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_delay;  // google.rpc.RetryInfo
};
Result<Status> parse_status(std::string_view body, bool is_json);

std::string make_success(Signal signal, const PartialSuccess& partial, bool as_json);
std::string make_status(const Status& status, bool as_json);

}  // namespace edgehaul::otlp
