// SPDX-License-Identifier: Apache-2.0
#include "otlp/schema.hpp"

namespace edgehaul::otlp::schema {

namespace {

using enum Kind;

constexpr Field one(std::uint8_t number, std::string_view name, Kind kind) {
  return {number, name, kind};
}
constexpr Field one(std::uint8_t number, std::string_view name, const Message& child) {
  return {number, name, message, false, false, Role::plain, &child};
}
constexpr Field many(std::uint8_t number, std::string_view name, Kind kind) {
  return {number, name, kind, true};
}
constexpr Field many(std::uint8_t number, std::string_view name, const Message& child) {
  return {number, name, message, true, false, Role::plain, &child};
}
// A member of the oneof.
constexpr Field choice(std::uint8_t number, std::string_view name, Kind kind) {
  return {number, name, kind, false, true};
}
constexpr Field choice(std::uint8_t number, std::string_view name, const Message& child) {
  return {number, name, message, false, true, Role::plain, &child};
}
constexpr Field carrier(Field field) {
  field.role = Role::carrier;
  return field;
}
constexpr Field items(Field field) {
  field.role = Role::item;
  return field;
}

// AnyValue holds lists of itself.
extern const Message kAnyValue;
extern const Message kKeyValue;

constexpr Field kArrayValueFields[] = {many(1, "values", kAnyValue)};
constexpr Message kArrayValue(kArrayValueFields);

constexpr Field kKeyValueListFields[] = {many(1, "values", kKeyValue)};
constexpr Message kKeyValueList(kKeyValueListFields);

constexpr Field kAnyValueFields[] = {
    choice(1, "string_value", text),       choice(2, "bool_value", boolean),
    choice(3, "int_value", int64),         choice(4, "double_value", real),
    choice(5, "array_value", kArrayValue), choice(6, "kvlist_value", kKeyValueList),
    choice(7, "bytes_value", bytes),       choice(8, "string_value_strindex", int32)};
constinit const Message kAnyValue(kAnyValueFields);

constexpr Field kKeyValueFields[] = {one(1, "key", text), one(2, "value", kAnyValue),
                                     one(3, "key_strindex", int32)};
constinit const Message kKeyValue(kKeyValueFields);

constexpr Field kScopeFields[] = {one(1, "name", text), one(2, "version", text),
                                  many(3, "attributes", kKeyValue),
                                  one(4, "dropped_attributes_count", uint32)};
constexpr Message kScope(kScopeFields);

constexpr Field kEntityRefFields[] = {one(1, "schema_url", text), one(2, "type", text),
                                      many(3, "id_keys", text), many(4, "description_keys", text)};
constexpr Message kEntityRef(kEntityRefFields);

constexpr Field kResourceFields[] = {many(1, "attributes", kKeyValue),
                                     one(2, "dropped_attributes_count", uint32),
                                     many(3, "entity_refs", kEntityRef)};
constexpr Message kResource(kResourceFields);

constexpr Field kExemplarFields[] = {one(2, "time_unix_nano", fixed64),
                                     choice(3, "as_double", real),
                                     one(4, "span_id", id),
                                     one(5, "trace_id", id),
                                     choice(6, "as_int", sfixed64),
                                     many(7, "filtered_attributes", kKeyValue)};
constexpr Message kExemplar(kExemplarFields);

constexpr Field kNumberPointFields[] = {one(2, "start_time_unix_nano", fixed64),
                                        one(3, "time_unix_nano", fixed64),
                                        choice(4, "as_double", real),
                                        many(5, "exemplars", kExemplar),
                                        choice(6, "as_int", sfixed64),
                                        many(7, "attributes", kKeyValue),
                                        one(8, "flags", uint32)};
constexpr Message kNumberPoint(kNumberPointFields);

constexpr Field kHistogramPointFields[] = {one(2, "start_time_unix_nano", fixed64),
                                           one(3, "time_unix_nano", fixed64),
                                           one(4, "count", fixed64),
                                           one(5, "sum", real),
                                           many(6, "bucket_counts", fixed64),
                                           many(7, "explicit_bounds", real),
                                           many(8, "exemplars", kExemplar),
                                           many(9, "attributes", kKeyValue),
                                           one(10, "flags", uint32),
                                           one(11, "min", real),
                                           one(12, "max", real)};
constexpr Message kHistogramPoint(kHistogramPointFields);

constexpr Field kBucketsFields[] = {one(1, "offset", sint32), many(2, "bucket_counts", uint64)};
constexpr Message kBuckets(kBucketsFields);

constexpr Field kExponentialPointFields[] = {many(1, "attributes", kKeyValue),
                                             one(2, "start_time_unix_nano", fixed64),
                                             one(3, "time_unix_nano", fixed64),
                                             one(4, "count", fixed64),
                                             one(5, "sum", real),
                                             one(6, "scale", sint32),
                                             one(7, "zero_count", fixed64),
                                             one(8, "positive", kBuckets),
                                             one(9, "negative", kBuckets),
                                             one(10, "flags", uint32),
                                             many(11, "exemplars", kExemplar),
                                             one(12, "min", real),
                                             one(13, "max", real),
                                             one(14, "zero_threshold", real)};
constexpr Message kExponentialPoint(kExponentialPointFields);

constexpr Field kQuantileFields[] = {one(1, "quantile", real), one(2, "value", real)};
constexpr Message kQuantile(kQuantileFields);

constexpr Field kSummaryPointFields[] = {one(2, "start_time_unix_nano", fixed64),
                                         one(3, "time_unix_nano", fixed64),
                                         one(4, "count", fixed64),
                                         one(5, "sum", real),
                                         many(6, "quantile_values", kQuantile),
                                         many(7, "attributes", kKeyValue),
                                         one(8, "flags", uint32)};
constexpr Message kSummaryPoint(kSummaryPointFields);

constexpr Field kGaugeFields[] = {items(many(1, "data_points", kNumberPoint))};
constexpr Message kGauge(kGaugeFields);

constexpr Field kSumFields[] = {items(many(1, "data_points", kNumberPoint)),
                                one(2, "aggregation_temporality", enumeration),
                                one(3, "is_monotonic", boolean)};
constexpr Message kSum(kSumFields);

constexpr Field kHistogramFields[] = {items(many(1, "data_points", kHistogramPoint)),
                                      one(2, "aggregation_temporality", enumeration)};
constexpr Message kHistogram(kHistogramFields);

constexpr Field kExponentialHistogramFields[] = {items(many(1, "data_points", kExponentialPoint)),
                                                 one(2, "aggregation_temporality", enumeration)};
constexpr Message kExponentialHistogram(kExponentialHistogramFields);

constexpr Field kSummaryFields[] = {items(many(1, "data_points", kSummaryPoint))};
constexpr Message kSummary(kSummaryFields);

constexpr Field kMetricFields[] = {
    one(1, "name", text),
    one(2, "description", text),
    one(3, "unit", text),
    carrier(choice(5, "gauge", kGauge)),
    carrier(choice(7, "sum", kSum)),
    carrier(choice(9, "histogram", kHistogram)),
    carrier(choice(10, "exponential_histogram", kExponentialHistogram)),
    carrier(choice(11, "summary", kSummary)),
    many(12, "metadata", kKeyValue)};
constexpr Message kMetric(kMetricFields);

constexpr Field kScopeMetricsFields[] = {
    one(1, "scope", kScope), carrier(many(2, "metrics", kMetric)), one(3, "schema_url", text)};
constexpr Message kScopeMetrics(kScopeMetricsFields);

constexpr Field kResourceMetricsFields[] = {one(1, "resource", kResource),
                                            carrier(many(2, "scope_metrics", kScopeMetrics)),
                                            one(3, "schema_url", text)};
constexpr Message kResourceMetrics(kResourceMetricsFields);

constexpr Field kMetricsRequestFields[] = {carrier(many(1, "resource_metrics", kResourceMetrics))};
constexpr Message kMetricsRequest(kMetricsRequestFields);

constexpr Field kLogRecordFields[] = {one(1, "time_unix_nano", fixed64),
                                      one(2, "severity_number", enumeration),
                                      one(3, "severity_text", text),
                                      one(5, "body", kAnyValue),
                                      many(6, "attributes", kKeyValue),
                                      one(7, "dropped_attributes_count", uint32),
                                      one(8, "flags", fixed32),
                                      one(9, "trace_id", id),
                                      one(10, "span_id", id),
                                      one(11, "observed_time_unix_nano", fixed64),
                                      one(12, "event_name", text)};
constexpr Message kLogRecord(kLogRecordFields);

constexpr Field kScopeLogsFields[] = {
    one(1, "scope", kScope), items(many(2, "log_records", kLogRecord)), one(3, "schema_url", text)};
constexpr Message kScopeLogs(kScopeLogsFields);

constexpr Field kResourceLogsFields[] = {one(1, "resource", kResource),
                                         carrier(many(2, "scope_logs", kScopeLogs)),
                                         one(3, "schema_url", text)};
constexpr Message kResourceLogs(kResourceLogsFields);

constexpr Field kLogsRequestFields[] = {carrier(many(1, "resource_logs", kResourceLogs))};
constexpr Message kLogsRequest(kLogsRequestFields);

constexpr Field kEventFields[] = {one(1, "time_unix_nano", fixed64), one(2, "name", text),
                                  many(3, "attributes", kKeyValue),
                                  one(4, "dropped_attributes_count", uint32)};
constexpr Message kEvent(kEventFields);

constexpr Field kLinkFields[] = {one(1, "trace_id", id),
                                 one(2, "span_id", id),
                                 one(3, "trace_state", text),
                                 many(4, "attributes", kKeyValue),
                                 one(5, "dropped_attributes_count", uint32),
                                 one(6, "flags", fixed32)};
constexpr Message kLink(kLinkFields);

constexpr Field kStatusFields[] = {one(2, "message", text), one(3, "code", enumeration)};
constexpr Message kStatus(kStatusFields);

constexpr Field kSpanFields[] = {one(1, "trace_id", id),
                                 one(2, "span_id", id),
                                 one(3, "trace_state", text),
                                 one(4, "parent_span_id", id),
                                 one(5, "name", text),
                                 one(6, "kind", enumeration),
                                 one(7, "start_time_unix_nano", fixed64),
                                 one(8, "end_time_unix_nano", fixed64),
                                 many(9, "attributes", kKeyValue),
                                 one(10, "dropped_attributes_count", uint32),
                                 many(11, "events", kEvent),
                                 one(12, "dropped_events_count", uint32),
                                 many(13, "links", kLink),
                                 one(14, "dropped_links_count", uint32),
                                 one(15, "status", kStatus),
                                 one(16, "flags", fixed32)};
constexpr Message kSpan(kSpanFields);

constexpr Field kScopeSpansFields[] = {one(1, "scope", kScope), items(many(2, "spans", kSpan)),
                                       one(3, "schema_url", text)};
constexpr Message kScopeSpans(kScopeSpansFields);

constexpr Field kResourceSpansFields[] = {one(1, "resource", kResource),
                                          carrier(many(2, "scope_spans", kScopeSpans)),
                                          one(3, "schema_url", text)};
constexpr Message kResourceSpans(kResourceSpansFields);

constexpr Field kTracesRequestFields[] = {carrier(many(1, "resource_spans", kResourceSpans))};
constexpr Message kTracesRequest(kTracesRequestFields);

constexpr Field kScopeProfilesFields[] = {
    one(1, "scope", kScope), items(many(2, "profiles", opaque)), one(3, "schema_url", text)};
constexpr Message kScopeProfiles(kScopeProfilesFields);

constexpr Field kResourceProfilesFields[] = {one(1, "resource", kResource),
                                             carrier(many(2, "scope_profiles", kScopeProfiles)),
                                             one(3, "schema_url", text)};
constexpr Message kResourceProfiles(kResourceProfilesFields);

constexpr Field kProfilesRequestFields[] = {
    carrier(many(1, "resource_profiles", kResourceProfiles)), one(2, "dictionary", opaque)};
constexpr Message kProfilesRequest(kProfilesRequestFields);

}  // namespace

const Message& request(Signal signal) {
  switch (signal) {
    case Signal::metrics:
      return kMetricsRequest;
    case Signal::logs:
      return kLogsRequest;
    case Signal::traces:
      return kTracesRequest;
    case Signal::profiles:
      break;
  }
  return kProfilesRequest;
}

}  // namespace edgehaul::otlp::schema
