// SPDX-License-Identifier: Apache-2.0
#include "forward/verdict.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "forward/retry_after.hpp"
#include "forward/words.hpp"

namespace edgehaul::forward {

namespace {

struct StatusRow {
  int status;
  Kind kind;
  std::string_view reason;
};

// OTLP/HTTP says that only 429, 502, 503 and 504 may be tried again and that the rest is dropped.
// Dropping is what we never do: an answer that speaks about us or the server's set-up holds the
// data, one that may pass is tried again, one about the content leads to the guilty record.
constexpr std::array kStatuses{
    StatusRow{400, Kind::reject, "Bad Request"}, StatusRow{401, Kind::hold, "Unauthorized"},
    StatusRow{402, Kind::hold, "Payment Required"}, StatusRow{403, Kind::hold, "Forbidden"},
    StatusRow{404, Kind::hold, "Not Found"}, StatusRow{405, Kind::hold, "Method Not Allowed"},
    StatusRow{406, Kind::hold, "Not Acceptable"},
    StatusRow{407, Kind::hold, "Proxy Authentication Required"},
    StatusRow{408, Kind::retry, "Request Timeout"}, StatusRow{409, Kind::retry, "Conflict"},
    StatusRow{410, Kind::hold, "Gone"}, StatusRow{411, Kind::hold, "Length Required"},
    StatusRow{412, Kind::hold, "Precondition Failed"},
    StatusRow{413, Kind::split, "Content Too Large"}, StatusRow{414, Kind::hold, "URI Too Long"},
    StatusRow{415, Kind::hold, "Unsupported Media Type"},
    StatusRow{417, Kind::hold, "Expectation Failed"},
    StatusRow{421, Kind::hold, "Misdirected Request"},
    StatusRow{422, Kind::reject, "Unprocessable Content"}, StatusRow{423, Kind::retry, "Locked"},
    StatusRow{425, Kind::retry, "Too Early"}, StatusRow{426, Kind::hold, "Upgrade Required"},
    StatusRow{428, Kind::hold, "Precondition Required"},
    StatusRow{429, Kind::retry, "Too Many Requests"},
    StatusRow{431, Kind::hold, "Request Header Fields Too Large"},
    StatusRow{451, Kind::hold, "Unavailable For Legal Reasons"},
    StatusRow{499, Kind::retry, "Client Closed Request"},  // nginx gave up on its upstream
    // OpenObserve says 500 when its write-ahead log is busy, and servers say it when one record
    // trips them: try for a while, then look for that record.
    StatusRow{500, Kind::doubtful, "Internal Server Error"},
    StatusRow{501, Kind::hold, "Not Implemented"}, StatusRow{502, Kind::retry, "Bad Gateway"},
    StatusRow{503, Kind::retry, "Service Unavailable"},
    StatusRow{504, Kind::retry, "Gateway Timeout"},
    StatusRow{505, Kind::hold, "HTTP Version Not Supported"},
    StatusRow{507, Kind::retry, "Insufficient Storage"},
    StatusRow{511, Kind::hold, "Network Authentication Required"},  // a captive portal
};

const StatusRow* find_row(int status) {
  const auto* const row = std::find_if(kStatuses.begin(), kStatuses.end(),
                                       [status](const StatusRow& r) { return r.status == status; });
  return row == kStatuses.end() ? nullptr : row;
}

std::string status_words(int status) {
  const StatusRow* const row = find_row(status);
  return row == nullptr ? fmt::format("{}", status) : fmt::format("{} {}", status, row->reason);
}

// 401, 407 or a broken TLS set-up hit every signal; a missing path or service may miss only one.
bool is_of_signal(int status) {
  return status == 403 || status == 404 || status == 405 || status == 410 || status == 415 ||
         status == 501;
}

std::string media_type(const http::ClientResponse& response) {
  const std::string_view value = http::header(response.headers, "content-type");
  return text::lower(text::trim(value.substr(0, value.find(';'))));
}

bool is_json(std::string_view type) {
  return type == "application/json" || type.ends_with("+json");
}

// The error body is a google.rpc.Status by the book, JSON of its own from OpenObserve, plain text
// from proxies.
otlp::Status read_error(const http::ClientResponse& response) {
  const std::string type = media_type(response);
  const bool json = is_json(type) || response.body.starts_with('{');
  if (json || type == "application/x-protobuf") {
    if (auto status = otlp::parse_status(response.body, json); status) {
      if (!status->message.empty() || status->retry_delay) return std::move(*status);
    }
  }
  otlp::Status status;
  if (type != "text/html" && (type.starts_with("text/") || json)) status.message = response.body;
  return status;
}

std::string joined(std::string head, std::string_view tail) {
  const std::string said = tidy(tail);
  return said.empty() ? head : std::move(head) + ": " + said;
}

Verdict judge_success(otlp::Signal signal, const http::ClientResponse& response) {
  Verdict verdict;
  verdict.kind = Kind::delivered;
  const std::string type = media_type(response);
  // A portal or web server that says 200 to everything has taken nothing.
  if (type == "text/html") {
    verdict.kind = Kind::hold;
    verdict.words = fmt::format("{} with a web page: this is no OTLP receiver", response.status);
    return verdict;
  }
  auto partial = otlp::parse_success(signal, response.body, is_json(type));
  // JSON-typed protobuf does come from OpenObserve (206 of logs).
  if (!partial && is_json(type)) partial = otlp::parse_success(signal, response.body, false);
  if (partial) {
    verdict.partial = std::move(*partial);
    verdict.partial.message = tidy(verdict.partial.message);
  }
  verdict.is_odd = !partial;
  return verdict;
}

Verdict judge_redirect(const http::ClientResponse& response) {
  Verdict verdict;
  verdict.kind = Kind::hold;
  verdict.is_of_signal = true;
  const std::string to = shown_endpoint(http::header(response.headers, "location"));
  verdict.words = to.empty()
                      ? fmt::format("{} (a redirect without a target)", response.status)
                      : fmt::format("{}: moved to {}; correct the endpoint", response.status, to);
  return verdict;
}

// A handshake may break with the link; what is said about certificates does not pass by itself.
bool blames_certificates(std::string_view words) {
  const std::string lower = text::lower(words);
  return lower.find("certificate") != std::string::npos || lower.find("alert") != std::string::npos;
}

Kind kind_of_exhausted(const otlp::Status& status, std::string_view words) {
  if (status.retry_delay) return Kind::retry;
  return blames_size(words) ? Kind::split : Kind::doubtful;
}

// Something on the way, or no gRPC server at all, answered in plain HTTP.
Verdict judge_not_grpc(otlp::Signal signal, const http::ClientResponse& response,
                       base::UnixNanos now) {
  Verdict verdict;
  if (response.status >= 200 && response.status < 300) {
    verdict.kind = Kind::hold;
    verdict.words =
        fmt::format("{} without a gRPC status: this is no gRPC server", response.status);
    return verdict;
  }
  verdict = judge_http(signal, response, now);
  // No gRPC server looked at the content, so it cannot be at fault.
  if (verdict.kind == Kind::reject) verdict.kind = Kind::hold;
  verdict.words += " (not a gRPC answer)";
  return verdict;
}

Verdict judge_grpc_success(otlp::Signal signal, const grpc::Answer& answer) {
  Verdict verdict;
  verdict.kind = Kind::delivered;
  if (auto partial = otlp::parse_success(signal, answer.body, false); partial) {
    verdict.partial = std::move(*partial);
    verdict.partial.message = tidy(verdict.partial.message);
  } else {
    verdict.is_odd = true;
  }
  return verdict;
}

}  // namespace

Kind kind_of_status(int status) {
  if (const StatusRow* const row = find_row(status)) return row->kind;
  if (status >= 200 && status < 300) return Kind::delivered;
  if (status >= 300 && status < 400) return Kind::hold;
  if (status >= 400 && status < 500) return Kind::reject;
  if (status >= 500 && status < 600) return Kind::retry;
  return Kind::hold;
}

// The retryable ones are the specification's. UNKNOWN and INTERNAL are what servers answer both
// when they are in trouble and when a record trips them.
Kind kind_of_code(grpc::Code code) {
  switch (code) {
    case grpc::Code::ok:
      return Kind::delivered;
    case grpc::Code::cancelled:
    case grpc::Code::deadline_exceeded:
    case grpc::Code::aborted:
    case grpc::Code::out_of_range:
    case grpc::Code::unavailable:
    case grpc::Code::data_loss:
      return Kind::retry;
    case grpc::Code::unknown:
    case grpc::Code::internal:
    case grpc::Code::resource_exhausted:
      return Kind::doubtful;
    case grpc::Code::unauthenticated:
    case grpc::Code::permission_denied:
    case grpc::Code::not_found:
    case grpc::Code::unimplemented:
      return Kind::hold;
    case grpc::Code::invalid_argument:
    case grpc::Code::already_exists:
    case grpc::Code::failed_precondition:
      return Kind::reject;
  }
  return Kind::doubtful;
}

bool blames_size(std::string_view words) {
  // grpc-go, grpc C++ and JS, tonic, grpc-java, grpc-dotnet, Go's net/http, proxies.
  constexpr std::array<std::string_view, 7> phrases{
      "larger than max", "too large",    "exceeds maximum size", "exceeds the max",
      "body size limit", "message size", "exceeds the limit"};
  const std::string lower = text::lower(words);
  return std::any_of(phrases.begin(), phrases.end(), [&lower](std::string_view phrase) {
    return lower.find(phrase) != std::string::npos;
  });
}

Verdict judge_http(otlp::Signal signal, const http::ClientResponse& response, base::UnixNanos now) {
  const Kind kind = kind_of_status(response.status);
  if (kind == Kind::delivered) return judge_success(signal, response);
  if (response.status >= 300 && response.status < 400) return judge_redirect(response);
  const otlp::Status said = read_error(response);
  Verdict verdict;
  verdict.kind = kind;
  verdict.words = joined(status_words(response.status), said.message);
  // The Collector answers 400 where the specification wants 413.
  if (response.status == 400 && blames_size(said.message)) verdict.kind = Kind::split;
  verdict.is_of_signal = kind == Kind::hold && is_of_signal(response.status);
  verdict.hint = parse_retry_after(http::header(response.headers, "retry-after"), now);
  if (!verdict.hint) verdict.hint = said.retry_delay;
  return verdict;
}

Verdict judge_grpc(otlp::Signal signal, const http::ClientResponse& response,
                   const grpc::Answer& answer, base::UnixNanos now) {
  if (!answer.has_status) return judge_not_grpc(signal, response, now);
  if (answer.code == grpc::Code::ok) return judge_grpc_success(signal, answer);
  Verdict verdict;
  verdict.kind = kind_of_code(answer.code);
  verdict.words = joined(std::string(grpc::code_name(answer.code)), answer.message);
  otlp::Status status;
  if (auto parsed = otlp::parse_status(answer.details, false); parsed) status = std::move(*parsed);
  verdict.hint = status.retry_delay;
  if (answer.code == grpc::Code::resource_exhausted) {
    verdict.kind = kind_of_exhausted(status, answer.message);
    verdict.is_size_suspected = verdict.kind == Kind::doubtful;
  }
  // tonic's code for a message over its limit.
  if (answer.code == grpc::Code::out_of_range && blames_size(answer.message))
    verdict.kind = Kind::split;
  verdict.is_of_signal = verdict.kind == Kind::hold && answer.code != grpc::Code::unauthenticated;
  verdict.is_slow = answer.code == grpc::Code::deadline_exceeded;
  return verdict;
}

Verdict judge_failure(const Error& error) {
  Verdict verdict;
  verdict.words = tidy(error.message);
  switch (error.code) {
    case Errc::invalid:    // bad URL, unreadable certificate
    case Errc::too_large:  // an answer no OTLP server would send
    case Errc::malformed:
      verdict.kind = Kind::hold;
      break;
    case Errc::io:  // TLS and the rest
      verdict.kind = blames_certificates(error.message) ? Kind::hold : Kind::retry;
      break;
    default:
      verdict.kind = Kind::retry;
  }
  verdict.is_slow = error.code == Errc::timeout;
  return verdict;
}

}  // namespace edgehaul::forward
