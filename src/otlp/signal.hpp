// SPDX-License-Identifier: Apache-2.0
// The four OTLP signals and where they go: HTTP paths and gRPC methods. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgehaul::otlp {

// Values equal spool::Signal.
enum class Signal : std::uint8_t { metrics = 1, logs = 2, traces = 3, profiles = 4 };

std::string_view signal_name(Signal signal);  // "metrics"
std::string_view item_name(Signal signal);    // "data points"
std::string_view http_path(Signal signal);    // "/v1/metrics"
std::string_view grpc_path(
    Signal signal);  // "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"

}  // namespace edgehaul::otlp
