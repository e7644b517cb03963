// SPDX-License-Identifier: Apache-2.0
// Tiny peers for the client: a listener on loopback (or a Unix socket) that runs a script for each
// connection in a thread of its own, optionally behind TLS; and nghttpd as a real HTTP/2 server.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>
#include <sys/types.h>

#include "base/fd.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::test {

class Connection {
 public:
  Connection(int fd, SSL* ssl, int number) : fd_(fd), ssl_(ssl, &SSL_free), number_(number) {}
  int number() const { return number_; }  // 1 for the peer's first connection
  int fd() const { return fd_.get(); }

  // Head and body (by content-length) of the next request; empty when the client has closed.
  std::string read_request();
  void write(std::string_view bytes);
  // Appends what comes next; false at the end.
  bool read_some(std::string& into);
  void wait_closed();
  // Carries bytes both ways between here and a local port until either side closes.
  void pump(std::uint16_t port);

 private:
  friend class Peer;
  base::Fd fd_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string ahead_;
  int number_;
};

struct PeerTls {
  std::string cert;
  std::string key;
  std::string client_ca;  // set: a client certificate is demanded
};

class Peer {
 public:
  using Script = std::function<void(Connection&)>;
  explicit Peer(Script script, const PeerTls& tls = {}, const std::string& unix_socket = {});
  ~Peer();

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const;
  int connections() const { return connections_.load(); }

 private:
  void accept_all();
  void serve(Connection& connection);

  Script script_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_{nullptr, &SSL_CTX_free};
  base::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<Connection> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A script that answers every request with `answer`.
Peer::Script always(std::string answer);
std::string ok(std::string_view body);

// nghttpd (Debian package nghttp2-server) on a port of its own; `extra` arguments as given.
class Nghttpd {
 public:
  explicit Nghttpd(std::vector<std::string> extra = {}, const PeerTls& tls = {});
  ~Nghttpd();
  std::uint16_t port() const { return port_; }
  std::string log() const;  // what it has said so far
  const TempDir& files() const { return dir_; }

 private:
  TempDir dir_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

// A certificate authority and what it signed, made with the openssl command.
class Authority {
 public:
  explicit Authority(std::string name);
  std::string ca() const { return dir_.at("ca.pem"); }
  // A certificate for a subject; `names` as in subjectAltName.
  PeerTls issue(const std::string& subject, const std::string& names) const;

 private:
  TempDir dir_;
};

// Waits for a condition for at most ten seconds.
bool eventually(const std::function<bool()>& condition);

}  // namespace edgehaul::test
