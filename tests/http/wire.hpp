// SPDX-License-Identifier: Apache-2.0
// A server on a stage of one thread: the test sends literal bytes and turns the loop until what it
// waits for has come.
#pragma once

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <boost/asio/io_context.hpp>

#include "base/fd.hpp"
#include "http/server.hpp"

namespace edgehaul::test {

// A client's end of a connection, never blocking.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
  explicit Wire(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof(to.sun_path) - 1);
    connect(reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
  virtual ~Wire() = default;

  bool is_connected() const { return is_connected_; }
  int fd() const { return fd_.get(); }
  // As much as the kernel takes; returns how much that was.
  virtual std::size_t send(std::string_view bytes) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  // Everything received so far.
  const std::string& text() {
    while (!is_closed_ && receive()) {
    }
    return text_;
  }
  bool is_closed() {
    text();
    return is_closed_;
  }
  void clear() { text_.clear(); }
  void close() { fd_.reset(); }

 protected:
  virtual bool receive() {
    char bytes[4096];
    const ssize_t got = ::recv(fd_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0) text_.append(bytes, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) is_closed_ = true;
    return got > 0;
  }

  base::Fd fd_;
  std::string text_;
  bool is_closed_ = false;

 private:
  void connect(const sockaddr* to, socklen_t size) {
    is_connected_ = ::connect(fd_.get(), to, size) == 0;
  }
  bool is_connected_ = false;
};

struct Stage {
  explicit Stage(http::ServerOptions options = {}, http::Handler handler = &Stage::echo) {
    auto made = http::Server::listen(io, std::move(options), std::move(handler));
    REQUIRE_MESSAGE(made.has_value(), (made ? std::string() : made.error().message));
    server = std::move(*made);
  }

  // Turns the loop until the condition holds, for at most ten seconds.
  bool until(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      turn();
    }
    return true;
  }
  void turn() {
    io.restart();
    io.run_for(std::chrono::milliseconds(1));
  }
  bool until_text(Wire& wire, std::string_view end) {
    return until([&wire, end] { return wire.text().ends_with(end); });
  }
  bool until_closed(Wire& wire) {
    return until([&wire] { return wire.is_closed(); });
  }
  Wire wire() { return Wire(server->port()); }

  static void echo(const http::ServerRequest& request, const http::Responder& respond) {
    respond({200, {}, request.method + " " + request.target + " [" + request.body + "]"});
  }

  boost::asio::io_context io{1};
  std::unique_ptr<http::Server> server;
};

inline std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nhost: x\r\n\r\n";
}
inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}
// What Stage::echo answers, as it is on the wire.
inline std::string echoed(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace edgehaul::test
