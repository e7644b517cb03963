// SPDX-License-Identifier: Apache-2.0
#include "relay/http_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/codec.hpp"
#include "base/text.hpp"
#include "grpc/call.hpp"
#include "otlp/answer.hpp"
#include "otlp/json_request.hpp"
#include "otlp/signal.hpp"
#include "spool/batch.hpp"

namespace edgehaul::relay {

namespace {

using http::ServerRequest;
using http::ServerResponse;

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

constexpr std::array kSignals{otlp::Signal::metrics, otlp::Signal::logs, otlp::Signal::traces,
                              otlp::Signal::profiles};

std::string media_type(const ServerRequest& request) {
  const std::string_view value = http::header(request.headers, "content-type");
  return text::lower(text::trim(value.substr(0, value.find(';'))));
}

bool is_json(const ServerRequest& request) {
  return media_type(request) == kJson;
}

std::optional<otlp::Signal> signal_of(const ServerRequest& request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  for (const otlp::Signal signal : kSignals) {
    if (path == otlp::http_path(signal)) return signal;
  }
  return std::nullopt;
}

ServerResponse plain(int status, std::string text) {
  return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text) + "\n"};
}

// The google.rpc.Code that goes with an HTTP status in the body of an error.
grpc::Code code_of(int status) {
  switch (status) {
    case 400:
      return grpc::Code::invalid_argument;
    case 401:
      return grpc::Code::unauthenticated;
    case 403:
      return grpc::Code::permission_denied;
    case 413:
      return grpc::Code::resource_exhausted;
    case 503:
      return grpc::Code::unavailable;
    default:
      return grpc::Code::internal;
  }
}

ServerResponse failure(int status, std::string_view words, bool as_json,
                       std::optional<std::chrono::milliseconds> retry_after = {}) {
  otlp::Status body;
  body.code = static_cast<std::int32_t>(code_of(status));
  body.message = words;
  body.retry_delay = retry_after;
  ServerResponse response{status,
                          {{"content-type", std::string(as_json ? kJson : kProtobuf)}},
                          otlp::make_status(body, as_json)};
  if (retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_after).count();
    response.headers.emplace_back("retry-after", std::to_string(seconds));
  }
  return response;
}

ServerResponse answer(otlp::Signal signal, const Taken& taken, bool as_json) {
  switch (taken.outcome) {
    case Outcome::kept:
      return {200,
              {{"content-type", std::string(as_json ? kJson : kProtobuf)}},
              otlp::make_success(signal, {}, as_json)};
    case Outcome::malformed:
      return failure(400, taken.words, as_json);
    case Outcome::too_large:
      return failure(413, taken.words, as_json);
    case Outcome::later:
      return failure(503, taken.words, as_json, taken.retry_after);
  }
  return failure(500, "unknown outcome", as_json);
}

}  // namespace

ServerResponse HttpService::fault(int status, std::string_view words,
                                  const ServerRequest& request) {
  if (status == 503) {
    return failure(status, words, is_json(request), kWhenBusy);
  }
  return failure(status, words, is_json(request));
}

Sender HttpService::sender_of(const ServerRequest& request) const {
  Sender sender{access_.judge(http::header(request.headers, "authorization")).name,
                request.body.size()};
  if (sender.name.empty()) sender.name = request.peer_name;
  if (sender.name.empty()) sender.name = host_of(request.peer);
  sender.batch = http::header(request.headers, spool::kBatchHeader);
  return sender;
}

std::optional<ServerResponse> HttpService::admit(const ServerRequest& request) const {
  if (!signal_of(request)) {
    return plain(404, "no such path; OTLP/HTTP is taken at /v1/metrics, /v1/logs and /v1/traces");
  }
  if (request.method != "POST") {
    ServerResponse response = plain(405, "405 method not allowed, supported: [POST]");
    response.headers.emplace_back("allow", "POST");
    return response;
  }
  if (!access_.judge(http::header(request.headers, "authorization")).is_allowed) {
    intake_.refused({std::string(host_of(request.peer)), 0}, "credentials missing or wrong");
    ServerResponse response = failure(401, "credentials missing or wrong", is_json(request));
    response.headers.emplace_back("www-authenticate", std::string(access_.challenge()));
    return response;
  }
  const std::string type = media_type(request);
  if (type != kProtobuf && type != kJson) {
    return plain(
        415, "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  }
  if (!codec::parse_coding(http::header(request.headers, "content-encoding"))) {
    return plain(415, "415 unsupported content encoding, supported: [gzip, zstd, deflate]");
  }
  return std::nullopt;
}

void HttpService::handle(ServerRequest request, http::Responder respond) {
  if (auto refusal = admit(request)) return respond(std::move(*refusal));
  const otlp::Signal signal = *signal_of(request);
  const bool as_json = is_json(request);
  Sender sender = sender_of(request);
  const auto coding = *codec::parse_coding(http::header(request.headers, "content-encoding"));
  bool is_single = false;
  Result<std::string> body = coding == codec::Coding::identity
                                 ? Result<std::string>(std::move(request.body))
                                 : codec::decode(coding, request.body, max_request_, &is_single);
  if (body && body->size() > max_request_) {
    body = fail(Errc::too_large, "larger than {} bytes", max_request_);
  }
  if (body && as_json) body = otlp::from_json(signal, *body, max_request_);
  if (!body) {
    intake_.refused(sender, body.error().message);
    const int status = body.error().code == Errc::too_large ? 413 : 400;
    return respond(failure(status, body.error().message, as_json));
  }
  codec::Coded coded;
  if (is_single && !as_json) coded = {coding, std::move(request.body)};
  intake_.take(signal, {std::move(*body), std::move(coded)}, std::move(sender),
               [signal, as_json, respond = std::move(respond)](const Taken& taken) {
                 respond(answer(signal, taken, as_json));
               });
}

}  // namespace edgehaul::relay
