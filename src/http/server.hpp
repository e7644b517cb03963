// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 server on Boost.Beast, for the status socket and OTLP/HTTP: TCP or Unix sockets,
// optional TLS, limits on connections, header and body bytes, deadlines on each. Runs on the
// caller's io_context thread; handlers answer through a Responder, at once or later from any
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/options.hpp"

namespace edgehaul::http {

struct ServerRequest {
  std::string method;
  std::string target;  // path and query
  Headers headers;
  std::string body;
  std::string peer;       // "10.0.0.7:51234" or "unix"
  std::string peer_name;  // subject common name of the client certificate, mTLS only
};

struct ServerResponse {
  int status = 200;
  Headers headers;  // content-length and connection are the server's
  std::string body;
};

// Call once, from any thread; later calls are ignored. Dropped uncalled, the answer is 503. Copies
// may outlive the server and the io_context.
using Responder = std::function<void(ServerResponse)>;
using Handler = std::function<void(ServerRequest, Responder)>;
// nullopt: go on and read the body.
using Admission = std::function<std::optional<ServerResponse>(const ServerRequest&)>;
using FaultAnswer =
    std::function<ServerResponse(int status, std::string_view words, const ServerRequest&)>;

struct ServerOptions {
  std::string unix_socket;            // path, or
  std::string address = "127.0.0.1";  // TCP, numeric
  std::uint16_t port = 0;             // 0: any free port, see Server::port()
  unsigned unix_mode = 0660;
  ServerTls tls;  // empty cert_file: cleartext
  // Beyond it the longest idle connection makes room; when none is idle the new one is refused.
  std::size_t max_connections = 64;
  std::size_t max_header = 16 * 1024;
  std::size_t max_body = 1024 * 1024;  // as sent; decoding has its own bound
  // Body bytes held by all connections together until they are answered, never less than max_body;
  // a request beyond it is answered 503. 0: no bound but max_connections times max_body.
  std::size_t max_buffered = 0;
  std::chrono::milliseconds header_deadline{10'000};  // from the first byte; also the TLS handshake
  std::chrono::milliseconds body_deadline{30'000};    // for each 64 KiB, and to the end of the body
  std::chrono::milliseconds idle_deadline{60'000};    // between requests
  std::chrono::milliseconds write_deadline{30'000};   // for a whole answer
  // Has a look at a request's header before its body is read; an answer refuses the request.
  Admission admit;
  // Shapes the answers that the server gives by itself (400, 413, 431, 500, 503 …); plain text
  // unless set. The request holds what was understood of it.
  FaultAnswer answer_fault;
};

// Since start.
struct ServerCounters {
  std::uint64_t accepted = 0;       // connections
  std::uint64_t refused = 0;        // connections beyond max_connections
  std::uint64_t accept_faults = 0;  // accept() failed, for want of descriptors for example
  std::uint64_t handshake_faults = 0;
  std::uint64_t requests = 0;  // handed to the handler
  std::uint64_t faults = 0;    // answered by the server itself: 4xx and 503
  std::uint64_t timeouts = 0;  // connections closed by a deadline, idle ones apart
};

// Lives and is called on the io_context's thread, and ends before the io_context.
class Server {
 public:
  // Binds and listens; serving starts with the io_context.
  static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, ServerOptions options,
                                                Handler handler);
  // Closes everything at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // "127.0.0.1:4318" or the socket's path, for messages.
  const std::string& name() const;
  std::size_t connections() const;
  std::size_t buffered() const;  // body bytes under way
  ServerCounters counters() const;
  // Loads certificates anew, for connections from now on; the old ones stay when that fails.
  Result<void> replace_tls(const ServerTls& files);
  // Stops accepting, lets requests in flight finish until `limit`, then closes; `done` is called on
  // the io_context.
  void stop(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace edgehaul::http
