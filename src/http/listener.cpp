// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <cerrno>
#include <chrono>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.hpp"

namespace edgehaul::http {
namespace {

constexpr int kAcceptsPerTurn = 16;  // so that a storm of connections does not starve the others
constexpr std::chrono::milliseconds kPause{100};

// Errors of one connection that was gone before accept() got to it (accept(2)); the rest are ours.
bool is_of_the_peer(int error_number) {
  switch (error_number) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:  // a firewall rule
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener::Listener(boost::asio::io_context& io, Bound bound)
    : bound_(std::move(bound)), socket_(io), timer_(io) {}

void Listener::start(OnAccept on_accept) {
  on_accept_ = std::move(on_accept);
  socket_.assign(bound_.fd());
  wait();
}

void Listener::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (socket_.is_open()) socket_.release();
  timer_.cancel();
  bound_.close();
}

void Listener::wait() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (self->stopped_) return;
                       if (error) {
                         self->pause(error.value());
                       } else {
                         self->accept_some();
                       }
                     });
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn && !stopped_; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    base::Fd socket(::accept4(bound_.fd(), reinterpret_cast<sockaddr*>(&peer), &size,
                              SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EAGAIN) break;
      if (is_of_the_peer(errno)) continue;
      return pause(errno);
    }
    if (is_failing_) log::info("http", "{}: accepting connections again", bound_.name());
    is_failing_ = false;
    if (size < sizeof(sa_family_t)) peer.ss_family = AF_UNIX;
    if (peer.ss_family != AF_UNIX) {
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    on_accept_(Accepted{std::move(socket), peer.ss_family, endpoint_name(peer)});
  }
  if (!stopped_) wait();
}

// EMFILE and the like leave the connection in the backlog, so waiting for readability at once would
// spin.
void Listener::pause(int error_number) {
  ++faults_;
  if (!is_failing_) {
    log::warning("http", "{}",
                 base::system_error(bound_.name() + ": accept", error_number).message);
  }
  is_failing_ = true;
  timer_.expires_after(kPause);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
    if (!self->stopped_) self->accept_some();
  });
}

}  // namespace edgehaul::http
