// SPDX-License-Identifier: Apache-2.0
// Accepts connections on a bound socket for as long as it lives: always re-armed, with a pause when
// descriptors run out. Owned by a server; io_context thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/fd.hpp"
#include "http/bind.hpp"

namespace edgehaul::http {

struct Accepted {
  base::Fd socket;  // non-blocking, close-on-exec, TCP_NODELAY
  int family = 0;   // AF_UNIX, AF_INET or AF_INET6
  std::string peer;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using OnAccept = std::function<void(Accepted)>;

  Listener(boost::asio::io_context& io, Bound bound);
  void start(OnAccept on_accept);
  // No connection is handed over afterwards; a Unix socket's file is removed.
  void stop();
  const Bound& bound() const { return bound_; }
  // accept() failures since start, such as "too many open files".
  std::uint64_t faults() const { return faults_; }

 private:
  void wait();
  void accept_some();
  void pause(int error_number);

  Bound bound_;
  boost::asio::posix::stream_descriptor socket_;  // borrows bound_'s descriptor
  boost::asio::steady_timer timer_;
  OnAccept on_accept_;
  std::uint64_t faults_ = 0;
  bool stopped_ = false;
  bool is_failing_ = false;
};

}  // namespace edgehaul::http
