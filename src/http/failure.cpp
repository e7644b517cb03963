// SPDX-License-Identifier: Apache-2.0
#include "http/failure.hpp"

#include <cerrno>
#include <cstring>

#include "base/units.hpp"

namespace edgehaul::http {

namespace {

Errc errc_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Errc::absent;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return Errc::refused;
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::timeout;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_LARGE:
      return Errc::too_large;
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
      return Errc::invalid;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Errc::unavailable;
    default:
      return Errc::io;
  }
}

// For builds of libcurl without verbose strings, and for results that leave no words.
std::string_view plain_words(CURLcode code) {
  switch (code) {
    case CURLE_GOT_NOTHING:
      return "closed without an answer";
    case CURLE_SEND_ERROR:
      return "sending failed";
    case CURLE_RECV_ERROR:
      return "receiving failed";
    case CURLE_PARTIAL_FILE:
      return "closed in the middle of the answer";
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return "HTTP/2 error";
    case CURLE_SSL_CONNECT_ERROR:
      return "TLS handshake failed";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "certificate not accepted";
    case CURLE_UNSUPPORTED_PROTOCOL:  // the URL was checked before: so an answer without a status
                                      // line
    case CURLE_WEIRD_SERVER_REPLY:
      return "not an HTTP answer";
    case CURLE_OUT_OF_MEMORY:
      return "out of memory";
    default:
      return {};
  }
}

std::string words_of(CURLcode code, const Circumstances& at) {
  if (!at.words.empty() && code != CURLE_UNSUPPORTED_PROTOCOL) return at.words;
  const std::string_view plain = plain_words(code);
  return plain.empty() ? fmt::format("libcurl error {}", static_cast<int>(code))
                       : std::string(plain);
}

}  // namespace

Error describe_failure(CURLcode code, const Circumstances& at) {
  const Errc errc = errc_of(code);
  if (at.proxy_answer != 0 && at.proxy_answer / 100 != 2) {
    return {Errc::refused, fmt::format("{}: proxy answers {}", at.place, at.proxy_answer)};
  }
  if (code == CURLE_COULDNT_CONNECT && at.os_error != 0) {
    return {at.os_error == ETIMEDOUT ? Errc::timeout : errc,
            fmt::format("{}: connect: {}", at.place, std::strerror(at.os_error))};
  }
  if (errc == Errc::too_large && code != CURLE_TOO_LARGE) {
    return {errc, fmt::format("{}: answer has more than {} bytes", at.place, at.max_response)};
  }
  if (errc == Errc::timeout && !at.connected) {
    return {errc, fmt::format("{}: connect: {}", at.place, words_of(code, at))};
  }
  return {errc, fmt::format("{}: {}", at.place, words_of(code, at))};
}

Error describe_timeout(std::chrono::milliseconds limit, const Circumstances& at) {
  const char* phase = at.connected      ? "no complete answer"
                      : at.was_resolved ? "no connection"
                                        : "name not resolved";
  return {Errc::timeout,
          fmt::format("{}: {} within {}", at.place, phase, units::format_duration(limit))};
}

}  // namespace edgehaul::http
