// SPDX-License-Identifier: Apache-2.0
#include "otlp/answer.hpp"

#include <algorithm>

#include "otlp/answer_json.hpp"
#include "otlp/retry_delay.hpp"
#include "otlp/wire.hpp"
#include "otlp/words.hpp"

namespace edgehaul::otlp {

namespace {

using wire::Fault;
using wire::Reader;
using wire::Token;
using wire::Type;

// Calls `take` with every field of a message; false when the bytes are no message.
template <class Take>
bool each_field(std::string_view bytes, Take take) {
  Reader reader(bytes);
  Token token;
  while (!reader.done()) {
    if (reader.next(token) != Fault::none) return false;
    take(token);
  }
  return true;
}

bool is(const Token& token, std::uint32_t number, Type type) {
  return token.number == number && token.type == type;
}

// google.protobuf.Duration.
bool read_duration(std::string_view bytes, std::chrono::milliseconds& delay) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  const bool read = each_field(bytes, [&](const Token& token) {
    if (is(token, 1, Type::varint)) seconds = static_cast<std::int64_t>(token.value);
    if (is(token, 2, Type::varint)) nanos = static_cast<std::int32_t>(token.value);
  });
  delay = bounded_delay(seconds, nanos);
  return read;
}

// A detail of a Status: google.protobuf.Any, of which only RetryInfo says anything to us.
void read_detail(std::string_view any, Status& status) {
  std::string_view url;
  std::string_view value;
  const bool read = each_field(any, [&](const Token& token) {
    if (is(token, 1, Type::length)) url = token.bytes;
    if (is(token, 2, Type::length)) value = token.bytes;
  });
  if (!read || !is_retry_info(url)) return;
  std::chrono::milliseconds delay{0};
  bool has_delay = false;
  each_field(value, [&](const Token& token) {
    if (is(token, 1, Type::length)) has_delay = read_duration(token.bytes, delay);
  });
  if (has_delay) status.retry_delay = delay;
}

std::string duration_bytes(std::chrono::milliseconds delay) {
  const auto count = std::max<std::int64_t>(delay.count(), 0);
  std::string duration;
  if (count >= 1000) wire::put_number(duration, 1, static_cast<std::uint64_t>(count / 1000));
  if (count % 1000 != 0) {
    wire::put_number(duration, 2, static_cast<std::uint64_t>(count % 1000) * 1'000'000);
  }
  return duration;
}

}  // namespace

Result<PartialSuccess> parse_success(Signal signal, std::string_view body, bool is_json) {
  if (is_json) return answer_json::parse_success(signal, body);
  PartialSuccess partial;
  bool is_whole = true;
  const bool read = each_field(body, [&](const Token& token) {
    if (!is(token, 1, Type::length)) return;
    is_whole = is_whole && each_field(token.bytes, [&](const Token& inner) {
                 if (is(inner, 1, Type::varint))
                   partial.rejected = static_cast<std::int64_t>(inner.value);
                 if (is(inner, 2, Type::length)) partial.message = bounded_words(inner.bytes);
               });
  });
  if (!read || !is_whole) return fail(Errc::malformed, "the answer is not protobuf");
  partial.rejected = std::max<std::int64_t>(partial.rejected, 0);
  return partial;
}

Result<Status> parse_status(std::string_view body, bool is_json) {
  if (is_json) return answer_json::parse_status(body);
  Status status;
  const bool read = each_field(body, [&](const Token& token) {
    if (is(token, 1, Type::varint)) status.code = static_cast<std::int32_t>(token.value);
    if (is(token, 2, Type::length)) status.message = bounded_words(token.bytes);
    if (is(token, 3, Type::length)) read_detail(token.bytes, status);
  });
  if (!read) return fail(Errc::malformed, "the answer is not a google.rpc.Status");
  return status;
}

std::string make_success(Signal signal, const PartialSuccess& partial, bool as_json) {
  if (as_json) return answer_json::make_success(signal, partial);
  if (partial.is_full()) return {};
  std::string inner;
  if (partial.rejected != 0) {
    wire::put_number(inner, 1, static_cast<std::uint64_t>(partial.rejected));
  }
  if (!partial.message.empty()) wire::put_bytes(inner, 2, bounded_words(partial.message));
  std::string out;
  wire::put_bytes(out, 1, inner);
  return out;
}

std::string make_status(const Status& status, bool as_json) {
  if (as_json) return answer_json::make_status(status);
  std::string out;
  if (status.code != 0) {
    wire::put_number(out, 1, static_cast<std::uint64_t>(std::int64_t{status.code}));
  }
  if (!status.message.empty()) wire::put_bytes(out, 2, bounded_words(status.message));
  if (status.retry_delay) {
    std::string retry_info;
    wire::put_bytes(retry_info, 1, duration_bytes(*status.retry_delay));
    std::string any;
    wire::put_bytes(any, 1, kRetryInfoUrl);
    wire::put_bytes(any, 2, retry_info);
    wire::put_bytes(out, 3, any);
  }
  return out;
}

}  // namespace edgehaul::otlp
