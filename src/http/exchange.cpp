// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::http {

namespace {

// Keeps the sum with the present time from overflowing.
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
constexpr std::size_t kMaxHead = 64 * 1024;

}  // namespace

Exchange::Exchange(TransferId id, ClientRequest request)
    : id_(id),
      request_(std::move(request)),
      deadline_(std::chrono::steady_clock::now() + std::min(request_.timeout, kLongest)) {}

Exchange& Exchange::of(CURL* handle) {
  char* self = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &self);
  return *reinterpret_cast<Exchange*>(self);
}

// libcurl alone would take a connection that closes between two header lines for a whole answer.
std::size_t Exchange::take_head(char* line, std::size_t unit, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::string_view text(line, unit * count);
  exchange.head_bytes_ += text.size();
  if (exchange.head_bytes_ > kMaxHead) {
    exchange.excess_ = fmt::format("answer has more than {} bytes of headers", kMaxHead);
    return CURL_WRITEFUNC_ERROR;
  }
  if (text.substr(0, 5) == "HTTP/") exchange.has_head_ = false;
  if (text == "\r\n" || text == "\n") exchange.has_head_ = true;
  return text.size();
}

std::size_t Exchange::take_body(char* bytes, std::size_t unit, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::size_t size = unit * count;
  const std::size_t limit = exchange.request_.max_response;
  if (size > limit - exchange.body_.size()) {
    exchange.excess_ = fmt::format("answer has more than {} bytes", limit);
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.body_.append(bytes, size);
  return size;
}

Headers Exchange::read_headers(unsigned origin) const {
  Headers headers;
  constexpr int kLastAnswer = -1;
  const curl_header* entry = nullptr;
  while ((entry = curl_easy_nextheader(easy_.get(), origin, kLastAnswer,
                                       const_cast<curl_header*>(entry))) != nullptr) {
    headers.emplace_back(text::lower(entry->name), entry->value);
  }
  return headers;
}

std::string Exchange::remote() const {
  if (!request_.unix_socket.empty()) return "unix:" + request_.unix_socket;
  const std::string address = easy_.info_text(CURLINFO_PRIMARY_IP);
  if (address.empty()) return {};
  const long port = easy_.info_long(CURLINFO_PRIMARY_PORT);
  const bool is_v6 = address.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

Circumstances Exchange::circumstances() const {
  Circumstances at;
  at.place = request_.unix_socket.empty() ? target_.place() : "unix:" + request_.unix_socket;
  if (!proxy_place_.empty()) at.place += " via proxy " + proxy_place_;
  at.words = words_.data();
  at.os_error = static_cast<int>(easy_.info_long(CURLINFO_OS_ERRNO));
  at.proxy_answer = easy_.info_long(CURLINFO_HTTP_CONNECTCODE);
  at.was_resolved = easy_.info_size(CURLINFO_NAMELOOKUP_TIME_T) > 0;
  at.connected = easy_.info_size(CURLINFO_PRETRANSFER_TIME_T) > 0;
  at.max_response = request_.max_response;
  return at;
}

Result<ClientResponse> Exchange::finish(CURLcode code) {
  if (!excess_.empty()) return fail(Errc::too_large, "{}: {}", circumstances().place, excess_);
  if (code != CURLE_OK) return pass(describe_failure(code, circumstances()));
  if (!has_head_) {
    return fail(Errc::unavailable, "{}: closed in the middle of the answer", circumstances().place);
  }
  if (request_.version == Version::http2_prior_knowledge &&
      easy_.info_long(CURLINFO_HTTP_VERSION) != CURL_HTTP_VERSION_2_0) {
    return fail(Errc::io, "{}: peer does not speak HTTP/2", circumstances().place);
  }
  ClientResponse response;
  response.status = static_cast<int>(easy_.info_long(CURLINFO_RESPONSE_CODE));
  response.headers = read_headers(CURLH_HEADER);
  response.trailers = read_headers(CURLH_TRAILER);
  response.body = std::move(body_);
  response.remote = remote();
  response.sent_bytes = static_cast<std::uint64_t>(easy_.info_size(CURLINFO_SIZE_UPLOAD_T));
  return response;
}

Error Exchange::expire() {
  easy_.set(CURLOPT_FORBID_REUSE, true);
  return describe_timeout(request_.timeout, circumstances());
}

Error Exchange::cancel() const {
  return {Errc::cancelled, circumstances().place + ": cancelled"};
}

}  // namespace edgehaul::http
