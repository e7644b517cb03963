// SPDX-License-Identifier: Apache-2.0
// One call on a server connection from its first header to its trailers: what came in so far, and
// whether it may go on. Plain state, owned by its connection; io_context thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/codec.hpp"
#include "base/result.hpp"
#include "grpc/server.hpp"

namespace edgehaul::grpc {

enum class Stage : std::uint8_t {
  headers,    // header block not complete
  body,       // admitted, message arriving
  handler,    // message complete, answer awaited
  answering,  // answer submitted
};

// "5S", "100m" → milliseconds, rounded up (gRPC over HTTP/2, Timeout); nullopt when malformed.
std::optional<std::chrono::milliseconds> parse_timeout(std::string_view text);

class Exchange {
 public:
  explicit Exchange(std::int32_t stream) : stream_(stream) {}

  // One request header; a block that grows past `max_bytes` is not kept and refused when judged.
  void add_header(std::string_view name, std::string_view value, std::size_t max_bytes);
  // Judges the complete header block. An HTTP status other than 200 means: no gRPC at all.
  struct Judgement {
    int http_status = 200;
    std::optional<ServerReply> refusal;
  };
  Judgement judge_headers();

  // Message bytes as they come; the refusal says why they are not wanted.
  std::optional<ServerReply> add_bytes(std::string_view bytes, std::size_t max_message);
  // The decoded message once the peer has ended its side.
  Result<std::string> take_message(std::size_t max_message);

  // Frees headers and message.
  void forget();

  std::int32_t stream() const { return stream_; }
  ServerCall& call() { return call_; }
  std::size_t held() const { return body_.size(); }

  Stage stage = Stage::headers;
  base::Steady deadline{};                           // of the stage under way
  std::optional<std::chrono::milliseconds> timeout;  // the client's own
  std::size_t charged = 0;     // bytes of the server's budget that this call holds
  std::size_t unconsumed = 0;  // bytes for which the window is not open again yet
  bool peer_ended = false;

 private:
  std::int32_t stream_;
  ServerCall call_;
  std::string method_;
  std::string content_type_;
  std::string encoding_;
  std::string body_;
  std::size_t header_bytes_ = 0;
  bool is_header_too_large_ = false;
};

}  // namespace edgehaul::grpc
