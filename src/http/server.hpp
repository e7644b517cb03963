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
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/result.hpp"
#include "http/message.hpp"

namespace edgehaul::http {

struct ServerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // set: clients must present a certificate of it (mTLS)
};

struct ServerOptions {
  std::string unix_socket;            // path, or
  std::string address = "127.0.0.1";  // TCP
  std::uint16_t port = 0;             // 0: any free port, see Server::port()
  unsigned unix_mode = 0660;
  ServerTls tls;  // empty cert_file: cleartext
  std::size_t max_connections = 64;
  std::size_t max_header = 16 * 1024;
  std::size_t max_body = 1024 * 1024;  // as sent; decoding has its own bound
  std::chrono::milliseconds header_deadline{10'000};
  std::chrono::milliseconds body_deadline{30'000};
  std::chrono::milliseconds idle_deadline{60'000};
};

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

using Responder = std::function<void(ServerResponse)>;  // call once; later calls are ignored
using Handler = std::function<void(ServerRequest, Responder)>;

class Server {
 public:
  // Binds and listens; serving starts with the io_context.
  static Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, ServerOptions options,
                                                Handler handler);
  ~Server();
  std::uint16_t port() const;
  std::size_t connections() const;
  // Stops accepting, lets requests in flight finish until `limit`, then closes; `done` is called on
  // the io_context.
  void stop(std::chrono::milliseconds limit, std::function<void()> done);

 private:
  class Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace edgehaul::http
