// SPDX-License-Identifier: Apache-2.0
#include "forward/verdict.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "forward/retry_after.hpp"
#include "forward/words.hpp"

namespace edgehaul::forward {

namespace {

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
