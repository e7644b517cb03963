// SPDX-License-Identifier: Apache-2.0
// Requests built with the generated classes, which know nothing of the code under test.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include "otlp/signal.hpp"

namespace edgehaul::test {

namespace common = opentelemetry::proto::common::v1;
namespace metrics = opentelemetry::proto::metrics::v1;
using MetricsRequest = opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
using LogsRequest = opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest;
using TracesRequest = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

// Random requests of every field that OTLP has, the same for the same seed.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::uint32_t number() { return static_cast<std::uint32_t>(random_()); }
  std::uint32_t below(std::uint32_t bound) { return number() % bound; }
  MetricsRequest metrics_request();
  LogsRequest logs_request();
  TracesRequest traces_request();
  std::string request(otlp::Signal signal);

 private:
  void fill(common::AnyValue& value, int depth);
  template <class List>
  void fill_attributes(List& list) {
    for (std::uint32_t i = below(4); i > 0; --i) {
      auto& entry = *list.Add();
      entry.set_key(word());
      fill(*entry.mutable_value(), 0);
    }
  }
  template <class Group>
  void fill_headers(Group& resource_group);
  template <class Point>
  void fill_exemplars(Point& point);
  void fill(metrics::Metric& metric);
  std::string word();

  std::mt19937 random_;
};

// Items as the generated classes count them; -1 when they refuse the bytes.
std::int64_t reference_count(otlp::Signal signal, const std::string& bytes);

// Every item with its resource, scope and metric names, one a line, in order: what must survive
// cutting.
std::string reference_listing(otlp::Signal signal, const std::string& bytes);

}  // namespace edgehaul::test
