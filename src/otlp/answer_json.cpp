// SPDX-License-Identifier: Apache-2.0
#include "otlp/answer_json.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include <boost/json.hpp>

#include <fmt/format.h>

#include "base/text.hpp"
#include "otlp/json_text.hpp"
#include "otlp/retry_delay.hpp"
#include "otlp/words.hpp"

namespace edgehaul::otlp::answer_json {

namespace {

namespace json = boost::json;

// The specification's bound for answers; also what one parse may cost.
constexpr std::size_t kMaxBody = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMaxDepth = 32;

std::string_view rejected_key(Signal signal) {
  switch (signal) {
    case Signal::metrics:
      return "rejectedDataPoints";
    case Signal::logs:
      return "rejectedLogRecords";
    case Signal::traces:
      return "rejectedSpans";
    case Signal::profiles:
      break;
  }
  return "rejectedProfiles";
}

Result<json::value> parse(std::string_view body) {
  if (body.size() > kMaxBody) return fail(Errc::too_large, "the answer is over {} bytes", kMaxBody);
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error) return fail(Errc::malformed, "the answer is not JSON: {}", error.message());
  return value;
}

const json::value* find(const json::value& value, std::initializer_list<std::string_view> keys) {
  const json::object* object = value.if_object();
  if (object == nullptr) return nullptr;
  for (const std::string_view key : keys) {
    if (const json::value* found = object->if_contains({key.data(), key.size()})) return found;
  }
  return nullptr;
}

std::string_view text_of(const json::value* value) {
  const json::string* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string_view(text->data(), text->size()) : std::string_view();
}

// A 64-bit integer as protobuf's JSON mapping allows it: number or decimal string. Anything else
// is 0.
std::int64_t integer_of(const json::value* value) {
  if (value == nullptr) return 0;
  if (const auto* number = value->if_int64()) return *number;
  if (const auto* large = value->if_uint64(); large != nullptr) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(*large, INT64_MAX));
  }
  if (const auto* real = value->if_double()) {
    return std::fabs(*real) < 9e18 ? static_cast<std::int64_t>(*real) : 0;
  }
  return text::parse_i64(text_of(value)).value_or(0);
}

// "1.5s" (google.protobuf.Duration in JSON).
std::optional<std::chrono::milliseconds> parse_delay(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  const auto seconds = text::parse_double(text.substr(0, text.size() - 1));
  if (!seconds || !std::isfinite(*seconds)) return std::nullopt;
  const double bounded = std::clamp(*seconds, 0.0, 1e6);
  const double whole = std::floor(bounded);
  // To the nearest millisecond: 2.3 is 2.29999… as a double.
  const auto part = static_cast<std::int64_t>(std::lround((bounded - whole) * 1000)) * 1'000'000;
  if (part >= 1'000'000'000) return bounded_delay(static_cast<std::int64_t>(whole) + 1, 0);
  return bounded_delay(static_cast<std::int64_t>(whole), part);
}

}  // namespace

Result<PartialSuccess> parse_success(Signal signal, std::string_view body) {
  if (text::trim(body).empty()) return PartialSuccess{};
  const auto value = parse(body);
  if (!value) return pass(value.error());
  if (!value->is_object()) return fail(Errc::malformed, "the answer is not a JSON object");
  PartialSuccess partial;
  const json::value* inner = find(*value, {"partialSuccess", "partial_success"});
  if (inner == nullptr) return partial;
  partial.rejected = std::max<std::int64_t>(integer_of(find(*inner, {rejected_key(signal)})), 0);
  partial.message = bounded_words(text_of(find(*inner, {"errorMessage", "error_message"})));
  return partial;
}

Result<Status> parse_status(std::string_view body) {
  const auto value = parse(body);
  if (!value) return pass(value.error());
  if (!value->is_object()) return fail(Errc::malformed, "the answer is not a JSON object");
  Status status;
  status.code = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(integer_of(find(*value, {"code"})), INT32_MIN, INT32_MAX));
  // "error" is what servers say that know no google.rpc.Status.
  status.message = bounded_words(text_of(find(*value, {"message", "error"})));
  const json::value* details = find(*value, {"details"});
  if (details == nullptr || !details->is_array()) return status;
  for (const json::value& detail : details->get_array()) {
    if (!is_retry_info(text_of(find(detail, {"@type"})))) continue;
    if (const auto delay = parse_delay(text_of(find(detail, {"retryDelay", "retry_delay"})))) {
      status.retry_delay = delay;
    }
  }
  return status;
}

std::string make_success(Signal signal, const PartialSuccess& partial) {
  if (partial.is_full()) return "{}";
  std::string out = R"({"partialSuccess":{)";
  if (partial.rejected != 0) {
    json_text::put_string(out, rejected_key(signal));
    out += ':';
    json_text::put_quoted(out, partial.rejected);
  }
  if (!partial.message.empty()) {
    if (partial.rejected != 0) out += ',';
    out += R"("errorMessage":)";
    json_text::put_string(out, bounded_words(partial.message));
  }
  return out += "}}";
}

std::string make_status(const Status& status) {
  std::string out = R"({"code":)";
  json_text::put_number(out, status.code);
  out += R"(,"message":)";
  json_text::put_string(out, bounded_words(status.message));
  if (status.retry_delay) {
    const auto delay = std::max<std::int64_t>(status.retry_delay->count(), 0);
    out += fmt::format(R"(,"details":[{{"@type":"{}","retryDelay":"{}.{:03}s"}}])", kRetryInfoUrl,
                       delay / 1000, delay % 1000);
  }
  return out += '}';
}

}  // namespace edgehaul::otlp::answer_json
