// SPDX-License-Identifier: Apache-2.0
#include "http/peer.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.hpp"

namespace edgehaul::test {

namespace {

base::Fd listen_tcp(std::uint16_t& port) {
  base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  ::listen(fd.get(), 64);
  return fd;
}

base::Fd listen_unix(const std::string& path) {
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::listen(fd.get(), 64);
  return fd;
}

SSL_CTX* make_context(const PeerTls& tls) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, tls.cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("peer: certificate " + tls.cert);
  }
  if (!tls.client_ca.empty()) {
    SSL_CTX_load_verify_locations(context, tls.client_ca.c_str(), nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

std::size_t content_length(std::string_view head) {
  const std::string lower = text::lower(head);
  const std::size_t at = lower.find("\r\ncontent-length: ");
  return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 18, nullptr, 10);
}

void run(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) {  // NOLINT(concurrency-mt-unsafe)
    throw std::runtime_error("failed: " + command);
  }
}

}  // namespace

bool Connection::read_some(std::string& into) {
  char space[16384];
  const ssize_t count =
      ssl_ ? SSL_read(ssl_.get(), space, sizeof space) : ::recv(fd_.get(), space, sizeof space, 0);
  if (count <= 0) return false;
  into.append(space, static_cast<std::size_t>(count));
  return true;
}

std::string Connection::read_request() {
  std::size_t end = 0;
  while ((end = ahead_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_some(ahead_)) return {};
  }
  const std::size_t size = end + 4 + content_length(ahead_.substr(0, end));
  while (ahead_.size() < size) {
    if (!read_some(ahead_)) return {};
  }
  std::string request = ahead_.substr(0, size);
  ahead_.erase(0, size);
  return request;
}

void Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                               : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Connection::wait_closed() {
  std::string ignored;
  while (read_some(ignored))
    ignored.clear();
}

void Connection::pump(std::uint16_t port) {
  const base::Fd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
  pollfd both[2] = {{fd_.get(), POLLIN, 0}, {other.get(), POLLIN, 0}};
  for (char space[16384]; ::poll(both, 2, -1) > 0;) {
    for (int from : {0, 1}) {
      if (both[from].revents == 0) continue;
      const ssize_t count = ::recv(both[from].fd, space, sizeof space, 0);
      if (count <= 0) return;
      ::send(both[1 - from].fd, space, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
  }
}

Peer::Peer(Script script, const PeerTls& tls, const std::string& unix_socket)
    : script_(std::move(script)) {
  if (!tls.cert.empty()) tls_.reset(make_context(tls));
  listener_ = unix_socket.empty() ? listen_tcp(port_) : listen_unix(unix_socket);
  acceptor_ = std::thread([this] { accept_all(); });
}

Peer::~Peer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const Connection& connection : open_)
      ::shutdown(connection.fd(), SHUT_RDWR);
  }
  for (std::thread& thread : threads_)
    thread.join();
}

void Peer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    SSL* ssl = tls_ ? SSL_new(tls_.get()) : nullptr;
    if (ssl != nullptr) SSL_set_fd(ssl, fd);
    const std::lock_guard lock(mutex_);
    Connection& connection = open_.emplace_back(fd, ssl, ++connections_);
    threads_.emplace_back([this, &connection] { serve(connection); });
  }
}

void Peer::serve(Connection& connection) {
  // OpenSSL writes without MSG_NOSIGNAL; only here, so that a SIGPIPE of the client still kills.
  sigset_t pipe_only;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr);
  if (!connection.ssl_ || SSL_accept(connection.ssl_.get()) == 1) {
    script_(connection);
    if (connection.ssl_) SSL_shutdown(connection.ssl_.get());
  }
  ::shutdown(connection.fd(), SHUT_RDWR);
}

std::string Peer::url(std::string_view path) const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) +
         std::string(path);
}

Peer::Script always(std::string answer) {
  return [answer = std::move(answer)](Connection& connection) {
    while (!connection.read_request().empty())
      connection.write(answer);
  };
}

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

Authority::Authority(std::string name) {
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=" +
      name + " -keyout " + dir_.at("ca.key") + " -out " + ca());
}

PeerTls Authority::issue(const std::string& subject, const std::string& names) const {
  PeerTls made{dir_.at(subject + ".pem"), dir_.at(subject + ".key"), {}};
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=" +
      subject + " -addext subjectAltName=" + names +
      " -addext basicConstraints=critical,CA:FALSE -CA " + ca() + " -CAkey " + dir_.at("ca.key") +
      " -keyout " + made.key + " -out " + made.cert);
  return made;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace edgehaul::test
