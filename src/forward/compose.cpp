// SPDX-License-Identifier: Apache-2.0
#include "forward/compose.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "base/version.hpp"
#include "grpc/call.hpp"
#include "spool/batch.hpp"

namespace edgehaul::forward {

namespace {

// What the body is and how the exchange runs is ours to say, whatever the configuration holds.
constexpr std::array<std::string_view, 9> kOurs{
    "content-type",  "content-encoding",     "content-length", "transfer-encoding", "te",
    "grpc-encoding", "grpc-accept-encoding", "grpc-timeout",   spool::kBatchHeader};

http::Headers operators_headers(const Destination& destination) {
  http::Headers headers;
  for (const auto& [name, value] : destination.headers) {
    std::string lower = text::lower(name);
    if (std::find(kOurs.begin(), kOurs.end(), lower) == kOurs.end())
      headers.emplace_back(std::move(lower), value);
  }
  if (http::header(headers, "user-agent").empty())
    headers.emplace_back("user-agent", fmt::format("edgehaul/{}", base::version()));
  return headers;
}

http::ClientRequest compose_http(const Destination& destination, otlp::Signal signal,
                                 std::string_view coded) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = request_url(destination.endpoint, otlp::http_path(signal));
  request.headers = operators_headers(destination);
  // Exactly this: OpenObserve refuses parameters behind it.
  request.headers.emplace_back("content-type", "application/x-protobuf");
  if (destination.compression != codec::Coding::identity) {
    request.headers.emplace_back("content-encoding",
                                 std::string(codec::coding_name(destination.compression)));
  }
  request.body = coded;
  request.version = http::Version::automatic;
  return request;
}

}  // namespace

std::string request_url(std::string_view endpoint, std::string_view path) {
  const std::size_t mark = std::min(endpoint.find_first_of("?#"), endpoint.size());
  std::string_view base = endpoint.substr(0, mark);
  while (!base.empty() && base.back() == '/')
    base.remove_suffix(1);
  return std::string(base).append(path).append(endpoint.substr(mark));
}

Result<http::ClientRequest> compose(const Destination& destination, otlp::Signal signal,
                                    std::string_view body, codec::Coding coding) {
  std::string coded;
  if (coding != destination.compression) {
    auto made = codec::encode(destination.compression, body);
    if (!made) return within("compress", std::move(made.error()));
    body = coded = std::move(*made);
  }
  auto request = destination.protocol == Protocol::http
                     ? compose_http(destination, signal, body)
                     : grpc::make_call(request_url(destination.endpoint, ""),
                                       otlp::grpc_path(signal), body, destination.compression,
                                       operators_headers(destination), destination.timeout);
  if (!request) return request;
  request->tls = destination.tls;
  request->proxy = destination.proxy;
  request->timeout = destination.timeout;
  request->connect_timeout = std::min(request->connect_timeout, destination.timeout);
  return request;
}

}  // namespace edgehaul::forward
