// SPDX-License-Identifier: Apache-2.0
// gRPC server for unary calls: nghttp2 sessions on Boost.Asio, h2c with prior knowledge or TLS with
// ALPN h2. Bounded in connections, streams, header and message bytes and in the memory of all
// bodies together; flow-control windows open only as bytes are consumed. Runs on the caller's
// io_context thread; handlers answer through a Responder, at once or later from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "grpc/call.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace boost::asio {
class io_context;
}

namespace edgehaul::grpc {

struct ServerReply {
  Code code = Code::ok;
  std::string message;  // grpc-message
  std::string details;  // google.rpc.Status for grpc-status-details-bin; may be empty
  std::string body;     // response message; sent when code is ok
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free port, see Server::port()
  http::ServerTls tls;     // empty cert_file: h2c
  std::size_t max_connections = 256;
  std::uint32_t max_streams = 32;  // per connection
  std::uint32_t max_header = 16 * 1024;
  std::size_t max_message = 64 << 20;  // decoded; more is RESOURCE_EXHAUSTED without RetryInfo
  // Bodies of all calls together; beyond it new calls are told `busy` and the windows of the others
  // stay shut, but for one that may grow up to max_message.
  std::size_t max_buffered = 64 << 20;
  ServerReply busy{Code::unavailable, "too much is being received; try again", "", ""};
  std::chrono::milliseconds call_deadline{60'000};          // for the whole body to arrive
  std::chrono::milliseconds idle_deadline{300'000};         // a connection without streams
  std::chrono::milliseconds max_connection_age{1'800'000};  // then GOAWAY, so that balancers spread
  std::chrono::milliseconds max_connection_age_grace{30'000};
};

struct ServerCall {
  std::string path;  // "/package.Service/Method"
  http::Headers metadata;
  std::string message;  // decoded; empty in Admit
  codec::Coded coded;   // the message as it was sent, where that was one gzip member or zstd frame
  std::size_t wire_bytes = 0;
  std::string peer;       // "10.0.0.7:51234"
  std::string peer_name;  // common name of the client certificate
};

using Responder = std::function<void(ServerReply)>;  // call once; later calls are ignored
// Called when a call's headers are in: a reply refuses it before its body is read.
using Admit = std::function<std::optional<ServerReply>(const ServerCall&)>;
using Handler = std::function<void(ServerCall, Responder)>;

struct ServerCounts {
  std::size_t connections = 0;
  std::size_t streams = 0;
  std::size_t buffered = 0;  // bytes
  std::uint64_t refused_connections = 0;
  std::uint64_t protocol_errors = 0;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, ServerOptions options,
                                                Admit admit, Handler handler);
  ~Server();
  std::uint16_t port() const;
  // "127.0.0.1:4317", for messages.
  const std::string& name() const;
  ServerCounts counts() const;
  // Loads certificates anew, for connections from now on; the old ones stay when that fails.
  Result<void> replace_tls(const http::ServerTls& files);
  // GOAWAY to all, lets calls in flight finish until `limit`, then closes; `done` on the
  // io_context.
  void stop(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace edgehaul::grpc
