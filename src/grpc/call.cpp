// SPDX-License-Identifier: Apache-2.0
#include "grpc/call.hpp"

#include <algorithm>
#include <limits>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

namespace edgehaul::grpc {

namespace {

constexpr std::size_t kPrefix = 5;    // compressed flag and length
constexpr std::size_t kQuoted = 200;  // bytes of a stranger's answer repeated in a message

bool is_reserved(std::string_view name) {
  constexpr std::string_view kOwn[] = {"te",           "content-type",  "content-length",
                                       "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"};
  return std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn);
}

Result<void> append_metadata(http::Headers& headers, const http::Headers& metadata) {
  for (const auto& [name, value] : metadata) {
    std::string key = text::lower(name);
    if (is_reserved(key)) return fail(Errc::invalid, "header '{}': gRPC sets it itself", name);
    headers.emplace_back(std::move(key), value);
  }
  if (http::header(headers, "user-agent").empty()) {
    headers.emplace_back("user-agent", fmt::format("edgehaul/{}", base::version()));
  }
  return {};
}

std::string quote(std::string_view body) {
  std::string words = text::to_utf8(text::trim(body.substr(0, kQuoted)));
  return words.empty() ? words : ": " + words;
}

Answer without_status(const http::ClientResponse& response) {
  Answer answer;
  answer.http_status = response.status;
  answer.code = code_of_http(response.status);
  const std::string_view type = http::header(response.headers, "content-type");
  const bool is_grpc = type.substr(0, 16) == "application/grpc";
  answer.message = fmt::format("HTTP {} without grpc-status{}", response.status,
                               is_grpc ? std::string() : quote(response.body));
  return answer;
}

Code parse_code(std::string_view text) {
  unsigned number = 0;
  if (!text::parse_into(text, number) || number > 16) return Code::unknown;
  return static_cast<Code>(number);
}

Result<std::string> read_message(const http::ClientResponse& response, std::size_t limit) {
  const std::string_view name = http::header(response.headers, "grpc-encoding");
  const auto coding = codec::parse_coding(name);
  if (!coding) return fail(Errc::malformed, "unknown grpc-encoding");
  return unframe(response.body, *coding, limit);
}

}  // namespace

Result<std::string> frame(std::string_view message, codec::Coding coding) {
  if (message.size() > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::too_large, "gRPC message of {} bytes", message.size());
  }
  std::string framed;
  framed.reserve(kPrefix + message.size());
  framed += coding == codec::Coding::identity ? '\0' : '\1';
  for (int shift = 24; shift >= 0; shift -= 8)
    framed += static_cast<char>(message.size() >> shift & 0xFF);
  framed += message;
  return framed;
}

Result<std::string> unframe(std::string body, codec::Coding coding, std::size_t limit,
                            codec::Coded* as_sent) {
  if (body.size() < kPrefix) {
    return fail(Errc::malformed, "gRPC message is cut short ({} bytes)", body.size());
  }
  const auto flag = static_cast<unsigned char>(body[0]);
  std::size_t length = 0;
  for (std::size_t i = 1; i < kPrefix; ++i)
    length = length << 8 | static_cast<unsigned char>(body[i]);
  if (flag > 1) return fail(Errc::malformed, "gRPC message with flag {}", flag);
  // Before the length is compared: a huge claim in a short body is "too large" to its sender.
  if (length > limit) {
    return fail(Errc::too_large, "gRPC message of {} bytes, limit {}", length, limit);
  }
  body.erase(0, kPrefix);
  if (length > body.size()) {
    return fail(Errc::malformed, "gRPC message is cut short ({} of {} bytes)", body.size(), length);
  }
  if (length < body.size()) return fail(Errc::malformed, "bytes after the gRPC message");
  if (flag == 0) return body;
  if (coding == codec::Coding::identity) {
    return fail(Errc::malformed, "compressed gRPC message without grpc-encoding");
  }
  bool is_single = false;
  auto message = codec::decode(coding, body, limit, &is_single);
  if (as_sent != nullptr && is_single) *as_sent = {coding, std::move(body)};
  return message;
}

std::string format_timeout(std::chrono::milliseconds timeout) {
  constexpr std::int64_t kEightDigits = 99'999'999;
  const std::int64_t millis = std::max<std::int64_t>(timeout.count(), 0);
  if (millis <= kEightDigits) return fmt::format("{}m", millis);
  return fmt::format("{}S", std::min(millis / 1000, kEightDigits));
}

Result<http::ClientRequest> make_call(std::string_view base_url, std::string_view path,
                                      std::string_view message, codec::Coding coding,
                                      const http::Headers& metadata,
                                      std::chrono::milliseconds timeout) {
  auto body = frame(message, coding);
  if (!body) return pass(body.error());
  while (!base_url.empty() && base_url.back() == '/')
    base_url.remove_suffix(1);
  http::ClientRequest request;
  request.method = "POST";
  request.url = fmt::format("{}{}", base_url, path);
  request.version = http::Version::http2_prior_knowledge;
  request.timeout = timeout;
  request.body = std::move(*body);
  request.headers = {{"te", "trailers"},
                     {"content-type", "application/grpc"},
                     {"grpc-timeout", format_timeout(timeout)},
                     {"grpc-accept-encoding", "identity,gzip,zstd"}};
  if (coding != codec::Coding::identity) {
    request.headers.emplace_back("grpc-encoding", codec::coding_name(coding));
  }
  if (auto done = append_metadata(request.headers, metadata); !done) return pass(done.error());
  return request;
}

Answer read_answer(const http::ClientResponse& response, std::size_t limit) {
  const bool in_trailers = !http::header(response.trailers, "grpc-status").empty();
  const http::Headers& fields = in_trailers ? response.trailers : response.headers;
  const std::string_view status = http::header(fields, "grpc-status");
  if (status.empty()) return without_status(response);
  Answer answer;
  answer.has_status = true;
  answer.http_status = response.status;
  answer.code = parse_code(status);
  answer.message = percent_decode(http::header(fields, "grpc-message"));
  answer.details =
      base::base64_decode(http::header(fields, "grpc-status-details-bin")).value_or("");
  if (answer.code != Code::ok) return answer;
  auto message = read_message(response, limit);
  if (message) {
    answer.body = std::move(*message);
  } else {
    answer.message = "answer not readable: " + message.error().message;
  }
  return answer;
}

}  // namespace edgehaul::grpc
