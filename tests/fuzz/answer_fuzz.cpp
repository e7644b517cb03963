// SPDX-License-Identifier: Apache-2.0
// Answers of strange servers: bodies, Retry-After, gRPC status, and the verdict that the forwarder
// draws from them. The input is lines "name: value" (":status" is the HTTP status, "~name" a
// trailer), an empty line, then the body. The first byte chooses the signal.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "forward/retry_after.hpp"
#include "forward/verdict.hpp"
#include "fuzz/require.hpp"
#include "grpc/call.hpp"
#include "otlp/answer.hpp"

using namespace edgehaul;
using fuzz::require;
using otlp::Signal;

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr base::UnixNanos kNow{1'780'000'000'000'000'000};

http::ClientResponse parse(std::string_view input) {
  http::ClientResponse response;
  response.status = 200;
  while (auto line = text::next_line(input)) {
    if (line->empty()) break;
    const std::size_t colon = line->find(':', 1);
    if (colon == line->npos) continue;
    const std::string_view name = line->substr(0, colon);
    const std::string_view value = text::trim(line->substr(colon + 1));
    unsigned status = 0;
    if (name == ":status" && text::parse_into(value, status) && status < 1000) {
      response.status = static_cast<int>(status);
    } else if (name.starts_with('~')) {
      response.trailers.emplace_back(name.substr(1), value);
    } else {
      response.headers.emplace_back(name, value);
    }
  }
  response.body = input;
  return response;
}

void bodies(Signal signal, std::string_view body) {
  for (const bool is_json : {false, true}) {
    if (const auto partial = otlp::parse_success(signal, body, is_json)) {
      require(partial->rejected >= 0 && text::is_utf8(partial->message));
      const std::string made = otlp::make_success(signal, *partial, is_json);
      require(otlp::parse_success(signal, made, is_json).value().message == partial->message);
    }
    if (const auto status = otlp::parse_status(body, is_json)) {
      require(text::is_utf8(status->message));
      const std::string made = otlp::make_status(*status, is_json);
      require(otlp::parse_status(made, is_json).value().retry_delay == status->retry_delay);
    }
  }
}

void check(const forward::Verdict& verdict) {
  require(text::is_utf8(verdict.words) && verdict.words.size() < 4096);
  require(verdict.words.find('\n') == std::string::npos);
  require(!verdict.hint ||
          (verdict.hint->count() >= 0 && *verdict.hint <= forward::kLongestRetryAfter));
  require(verdict.partial.rejected >= 0);
}

void codings(std::string_view text) {
  if (const auto bytes = base::base64_decode(text)) {
    require(base::base64_decode(base::base64_encode(*bytes, false)).value() == *bytes);
  }
  require(text::is_utf8(grpc::percent_decode(text)));
  if (text::is_utf8(text)) require(grpc::percent_decode(grpc::percent_encode(text)) == text);
  const auto wait = forward::parse_retry_after(text, kNow);
  require(!wait || (wait->count() >= 0 && *wait <= forward::kLongestRetryAfter));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 4 + 1);
  const std::string_view input = fuzz::view(data + 1, size - 1);
  const http::ClientResponse response = parse(input);
  bodies(signal, response.body);
  codings(input);
  for (const auto& [name, value] : response.headers)
    codings(value);
  check(forward::judge_http(signal, response, kNow));
  const grpc::Answer answer = grpc::read_answer(response, kMaxAnswer);
  require(answer.body.size() <= kMaxAnswer && text::is_utf8(answer.message));
  check(forward::judge_grpc(signal, response, answer, kNow));
  return 0;
}
