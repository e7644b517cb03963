// SPDX-License-Identifier: Apache-2.0
// OTLP/JSON requests as protobuf (OTLP specification, JSON Protobuf Encoding): lowerCamelCase keys,
// hexadecimal ids, enums as integers, 64-bit integers as strings or numbers, unknown keys ignored.
// One pass over the text, the memory is the result and a small stack. Untrusted bytes are fine.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::otlp {

// The serialized request, at most `max_bytes` of it (else Errc::too_large). The error says where:
// "resourceMetrics.scopeMetrics.metrics.name: not a string, at byte 812". Profiles are
// Errc::invalid: their encoding is not stable.
Result<std::string> from_json(Signal signal, std::string_view json, std::size_t max_bytes);

}  // namespace edgehaul::otlp
