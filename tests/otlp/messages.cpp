// SPDX-License-Identifier: Apache-2.0
#include "otlp/messages.hpp"

#include <google/protobuf/stubs/logging.h>

namespace edgehaul::test {

std::string Maker::word() {
  static const char* const kWords[] = {
      "", "a", "host.name", "größe", "磁盘", "state", "\xF0\x9F\x9A\x80", "a longer piece of text"};
  return kWords[below(8)];
}

void Maker::fill(common::AnyValue& value, int depth) {
  switch (below(depth < 4 ? 8 : 5)) {
    case 0:
      return value.set_string_value(word());
    case 1:
      return value.set_bool_value(below(2) == 1);
    case 2:
      return value.set_int_value(std::int64_t{number()} - 2'000'000'000);
    case 3:
      return value.set_double_value(number() / 7.0);
    case 4:
      return value.set_bytes_value(std::string("\xFF\x00\x80", 3));
    case 5:
      for (std::uint32_t i = below(3); i > 0; --i)
        fill(*value.mutable_array_value()->add_values(), depth + 1);
      return;
    case 6:
      for (std::uint32_t i = below(3); i > 0; --i) {
        auto& entry = *value.mutable_kvlist_value()->add_values();
        entry.set_key(word());
        fill(*entry.mutable_value(), depth + 1);
      }
      return;
    default:
      return;
  }
}

template <class Group>
void Maker::fill_headers(Group& group) {
  fill_attributes(*group.mutable_resource()->mutable_attributes());
  group.mutable_resource()->set_dropped_attributes_count(below(3));
  if (below(4) == 0) group.mutable_resource()->add_entity_refs()->add_id_keys(word());
  group.set_schema_url(word());
}

template <class Point>
void Maker::fill_exemplars(Point& point) {
  point.set_time_unix_nano(number());
  point.set_flags(below(2));
  if (below(4) != 0) return;
  auto& exemplar = *point.add_exemplars();
  exemplar.set_as_int(-5);
  exemplar.set_span_id("12345678");
  fill_attributes(*exemplar.mutable_filtered_attributes());
}

void Maker::fill(metrics::Metric& metric) {
  metric.set_name("metric." + std::to_string(below(1000)));
  metric.set_unit(word());
  const std::uint32_t kind = below(6);
  for (std::uint32_t i = below(6); i > 0; --i) {
    if (kind < 2) {
      auto& point = *(kind == 0 ? metric.mutable_gauge()->add_data_points()
                                : metric.mutable_sum()->add_data_points());
      fill_exemplars(point);
      below(2) == 0 ? point.set_as_int(number()) : point.set_as_double(number() / 3.0);
      fill_attributes(*point.mutable_attributes());
    } else if (kind == 2) {
      auto& point = *metric.mutable_histogram()->add_data_points();
      fill_exemplars(point);
      for (const double bound : {1.0, 2.5, 10.0})
        point.add_explicit_bounds(bound);
      for (int bucket = 0; bucket < 4; ++bucket)
        point.add_bucket_counts(below(100));
      point.set_sum(0);
    } else if (kind == 3) {
      auto& point = *metric.mutable_exponential_histogram()->add_data_points();
      fill_exemplars(point);
      point.set_scale(-3);
      point.mutable_positive()->set_offset(-7);
      for (int bucket = 0; bucket < 4; ++bucket)
        point.mutable_positive()->add_bucket_counts(number());
    } else {
      auto& point = *metric.mutable_summary()->add_data_points();
      point.set_time_unix_nano(number());
      point.add_quantile_values()->set_quantile(0.5);
      fill_attributes(*point.mutable_attributes());
    }
  }
  if (kind == 1) metric.mutable_sum()->set_is_monotonic(true);
}

MetricsRequest Maker::metrics_request() {
  MetricsRequest request;
  for (std::uint32_t r = below(4); r > 0; --r) {
    auto& resource = *request.add_resource_metrics();
    fill_headers(resource);
    for (std::uint32_t s = below(4); s > 0; --s) {
      auto& scope = *resource.add_scope_metrics();
      scope.mutable_scope()->set_name("scope." + std::to_string(below(100)));
      for (std::uint32_t m = below(5); m > 0; --m)
        fill(*scope.add_metrics());
    }
  }
  return request;
}

LogsRequest Maker::logs_request() {
  LogsRequest request;
  for (std::uint32_t r = below(4); r > 0; --r) {
    auto& resource = *request.add_resource_logs();
    fill_headers(resource);
    for (std::uint32_t s = below(4); s > 0; --s) {
      auto& scope = *resource.add_scope_logs();
      scope.mutable_scope()->set_name("scope." + std::to_string(below(100)));
      for (std::uint32_t i = below(8); i > 0; --i) {
        auto& record = *scope.add_log_records();
        record.set_time_unix_nano(number());
        record.set_flags(number());
        record.set_trace_id("0123456789abcdef");
        fill(*record.mutable_body(), 0);
        fill_attributes(*record.mutable_attributes());
      }
    }
  }
  return request;
}

TracesRequest Maker::traces_request() {
  TracesRequest request;
  for (std::uint32_t r = below(4); r > 0; --r) {
    auto& resource = *request.add_resource_spans();
    fill_headers(resource);
    for (std::uint32_t s = below(4); s > 0; --s) {
      auto& scope = *resource.add_scope_spans();
      fill_attributes(*scope.mutable_scope()->mutable_attributes());
      for (std::uint32_t i = below(8); i > 0; --i) {
        auto& span = *scope.add_spans();
        span.set_name(word() + std::to_string(number()));
        span.set_flags(0x300);
        span.mutable_status()->set_message(word());
        span.add_events()->set_name(word());
        fill_attributes(*span.add_links()->mutable_attributes());
        fill_attributes(*span.mutable_attributes());
      }
    }
  }
  return request;
}

std::string Maker::request(otlp::Signal signal) {
  if (signal == otlp::Signal::logs) return logs_request().SerializeAsString();
  if (signal == otlp::Signal::traces) return traces_request().SerializeAsString();
  return metrics_request().SerializeAsString();
}

namespace {

// Refusals are what many tests are about; no word of them on stderr.
[[maybe_unused]] google::protobuf::LogHandler* const kLoudBefore =
    google::protobuf::SetLogHandler(nullptr);

// Calls `see(line header, message)` for every data point of a metric.
template <class See>
void each_point(const metrics::Metric& metric, See see) {
  for (const auto& point : metric.gauge().data_points())
    see("gauge", point);
  for (const auto& point : metric.sum().data_points())
    see(metric.sum().is_monotonic() ? "counter" : "sum", point);
  for (const auto& point : metric.histogram().data_points())
    see("histogram", point);
  for (const auto& point : metric.exponential_histogram().data_points())
    see("exponential", point);
  for (const auto& point : metric.summary().data_points())
    see("summary", point);
}

// Calls `see(header, item)` for every item of a request; false when it does not parse.
template <class See>
bool each_item(otlp::Signal signal, const std::string& bytes, See see) {
  if (signal == otlp::Signal::metrics) {
    MetricsRequest request;
    if (!request.ParseFromString(bytes)) return false;
    for (const auto& resource : request.resource_metrics()) {
      for (const auto& scope : resource.scope_metrics()) {
        const std::string above = resource.resource().SerializeAsString() + '|' +
                                  resource.schema_url() + '|' + scope.scope().SerializeAsString();
        for (const auto& metric : scope.metrics()) {
          each_point(metric, [&](const char* kind, const auto& point) {
            see(above + '|' + metric.name() + '|' + metric.unit() + '|' + kind, point);
          });
        }
      }
    }
  } else if (signal == otlp::Signal::logs) {
    LogsRequest request;
    if (!request.ParseFromString(bytes)) return false;
    for (const auto& resource : request.resource_logs()) {
      for (const auto& scope : resource.scope_logs()) {
        for (const auto& record : scope.log_records())
          see(resource.resource().SerializeAsString() + '|' + scope.scope().SerializeAsString(),
              record);
      }
    }
  } else {
    TracesRequest request;
    if (!request.ParseFromString(bytes)) return false;
    for (const auto& resource : request.resource_spans()) {
      for (const auto& scope : resource.scope_spans()) {
        for (const auto& span : scope.spans())
          see(resource.resource().SerializeAsString() + '|' + scope.scope().SerializeAsString(),
              span);
      }
    }
  }
  return true;
}

}  // namespace

std::int64_t reference_count(otlp::Signal signal, const std::string& bytes) {
  std::int64_t count = 0;
  const bool parsed = each_item(signal, bytes, [&](const std::string&, const auto&) { ++count; });
  return parsed ? count : -1;
}

std::string reference_listing(otlp::Signal signal, const std::string& bytes) {
  std::string listing;
  each_item(signal, bytes, [&](const std::string& above, const auto& item) {
    listing += above + '|' + item.SerializeAsString() + '\n';
  });
  return listing;
}

}  // namespace edgehaul::test
