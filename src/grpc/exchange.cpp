// SPDX-License-Identifier: Apache-2.0
#include "grpc/exchange.hpp"

#include <utility>

#include "base/text.hpp"
#include "grpc/call.hpp"

namespace edgehaul::grpc {

namespace {

constexpr std::size_t kPrefix = 5;           // compressed flag and length
constexpr std::size_t kHeaderOverhead = 32;  // RFC 7540 §6.5.2: how a header list's size is counted

std::size_t declared_length(std::string_view prefix) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) {
    length = length << 8 | static_cast<unsigned char>(prefix[i]);
  }
  return length;
}

ServerReply too_large(std::size_t size, std::size_t limit) {
  return {Code::resource_exhausted,
          fmt::format("message of {} bytes is larger than the limit of {}", size, limit), "", ""};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  const auto value = text::parse_u64(text.substr(0, text.size() - 1));
  if (!value) return std::nullopt;
  const auto amount = static_cast<std::int64_t>(*value);
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(amount);
    case 'M':
      return std::chrono::minutes(amount);
    case 'S':
      return std::chrono::seconds(amount);
    case 'm':
      return milliseconds(amount);
    case 'u':
      return ceil<milliseconds>(std::chrono::microseconds(amount));
    case 'n':
      return ceil<milliseconds>(std::chrono::nanoseconds(amount));
    default:
      return std::nullopt;
  }
}

void Exchange::add_header(std::string_view name, std::string_view value, std::size_t max_bytes) {
  header_bytes_ += name.size() + value.size() + kHeaderOverhead;
  if (header_bytes_ > max_bytes) {
    is_header_too_large_ = true;
    return;
  }
  if (name == ":method") {
    method_ = value;
  } else if (name == ":path") {
    call_.path = value;
  } else if (name == "content-type") {
    content_type_ = value;
  } else if (name == "grpc-encoding") {
    encoding_ = value;
  } else if (name == "grpc-timeout") {
    timeout = parse_timeout(value);
  } else if (!name.starts_with(':')) {
    call_.metadata.emplace_back(name, value);
  }
}

Exchange::Judgement Exchange::judge_headers() {
  if (!is_header_too_large_ && method_ != "POST") return {.http_status = 405, .refusal = {}};
  constexpr std::string_view kType = "application/grpc";
  const std::string_view type = content_type_;
  const bool is_grpc =
      is_header_too_large_ ||
      (type.starts_with(kType) &&
       (type.size() == kType.size() || type[kType.size()] == '+' || type[kType.size()] == ';'));
  if (!is_grpc) return {.http_status = 415, .refusal = {}};
  if (is_header_too_large_) {
    return {
        .http_status = 200,
        .refusal = ServerReply{Code::resource_exhausted, "request headers are too large", "", ""}};
  }
  const auto coding = codec::parse_coding(encoding_);
  if (!coding || *coding == codec::Coding::deflate) {
    return {.http_status = 200,
            .refusal = ServerReply{Code::unimplemented,
                                   fmt::format("grpc-encoding '{}' is not supported",
                                               text::to_utf8(encoding_.substr(0, 32))),
                                   "", ""}};
  }
  return {};
}

std::optional<ServerReply> Exchange::add_bytes(std::string_view bytes, std::size_t max_message) {
  body_ += bytes;
  if (body_.size() < kPrefix) return std::nullopt;
  const std::size_t length = declared_length(body_);
  if (length > max_message) return too_large(length, max_message);
  if (body_.size() > kPrefix + length) {
    return ServerReply{Code::unimplemented, "a unary call carries exactly one message", "", ""};
  }
  return std::nullopt;
}

void Exchange::forget() {
  call_ = ServerCall();
  std::string().swap(body_);
}

Result<std::string> Exchange::take_message(std::size_t max_message) {
  call_.wire_bytes = body_.size();
  const auto coding = codec::parse_coding(encoding_).value_or(codec::Coding::identity);
  return unframe(std::exchange(body_, {}), coding, max_message, &call_.coded);
}

}  // namespace edgehaul::grpc
