// SPDX-License-Identifier: Apache-2.0
#include "otlp/signal.hpp"

namespace edgehaul::otlp {

namespace {

struct Row {
  std::string_view name;
  std::string_view items;
  std::string_view http;
  std::string_view grpc;
};

constexpr Row kRows[] = {
    {"metrics", "data points", "/v1/metrics",
     "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"},
    {"logs", "log records", "/v1/logs",
     "/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
    {"traces", "spans", "/v1/traces",
     "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
    {"profiles", "profiles", "/v1development/profiles",
     "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"},
};

const Row& row(Signal signal) {
  return kRows[static_cast<unsigned>(signal) - 1];
}

}  // namespace

std::string_view signal_name(Signal signal) {
  return row(signal).name;
}

std::string_view item_name(Signal signal) {
  return row(signal).items;
}

std::string_view http_path(Signal signal) {
  return row(signal).http;
}

std::string_view grpc_path(Signal signal) {
  return row(signal).grpc;
}

}  // namespace edgehaul::otlp
