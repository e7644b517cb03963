// SPDX-License-Identifier: Apache-2.0
// gRPC over HTTP/2 in plain values: message framing, status mapping, metadata coding
// (grpc/doc/PROTOCOL-HTTP2.md). Builds requests for http::Client and reads its responses. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/codec.hpp"
#include "base/result.hpp"
#include "http/client.hpp"

namespace edgehaul::grpc {

// google.rpc.Code; values above 16 are UNKNOWN.
enum class Code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16
};
std::string_view code_name(Code code);  // "UNAVAILABLE"

struct Answer {
  Code code = Code::ok;
  std::string message;  // grpc-message, percent-decoded, valid UTF-8
  std::string details;  // grpc-status-details-bin, base64-decoded: a google.rpc.Status
  std::string body;     // the response message, decoded
  int http_status = 0;
  bool has_status = false;  // the peer sent grpc-status; else `code` follows from the HTTP status
};

// The bytes of one length-prefixed message that lies under `coding` already.
Result<std::string> frame(std::string_view message, codec::Coding coding);

// Reads exactly one length-prefixed message; `coding` is the peer's grpc-encoding. Decoded output
// past `limit` is Errc::too_large. `as_sent` gets the bytes of a compressed message, where that is
// one gzip member or zstd frame.
Result<std::string> unframe(std::string body, codec::Coding coding, std::size_t limit,
                            codec::Coded* as_sent = nullptr);

// "30000m": at most 8 digits and a unit.
std::string format_timeout(std::chrono::milliseconds timeout);

// A unary call: `base_url` "http://host:4317", `path` "/package.Service/Method", `message` lies
// under `coding` already. Caller sets TLS, proxy and limits on the result; `metadata` is appended
// as headers (-bin values already coded). Errc::invalid when metadata names a header that gRPC
// itself sets.
Result<http::ClientRequest> make_call(std::string_view base_url, std::string_view path,
                                      std::string_view message, codec::Coding coding,
                                      const http::Headers& metadata,
                                      std::chrono::milliseconds timeout);

// Status from trailers (or headers of a Trailers-Only answer), else synthesized from the HTTP
// status. A peer that says OK has taken the request even when its message cannot be read: the code
// stays ok, `body` is empty and `message` says why.
Answer read_answer(const http::ClientResponse& response, std::size_t limit);

// The code that stands for an HTTP status without grpc-status.
Code code_of_http(int status);

std::string percent_encode(std::string_view message);
std::string percent_decode(std::string_view coded);

}  // namespace edgehaul::grpc
