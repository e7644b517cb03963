// SPDX-License-Identifier: Apache-2.0
// The send loop: leases records from the spool, merges them into requests, sends them to every
// destination and settles what the answers say. Owned by the daemon; runs on its own "forward"
// thread with one http::Client. stats(), notify() and stop() are thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "forward/options.hpp"
#include "forward/stats.hpp"
#include "spool/spool.hpp"

namespace edgehaul::forward {

class Forwarder {
 public:
  Forwarder(Options options, spool::Spool& spool, const base::Clock& clock);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  void start();   // begins the thread
  void notify();  // records were appended
  // Lets requests in flight end and makes a last attempt within options.stop_grace, then returns
  // all leases and joins the thread.
  void stop();
  // Replaces headers, TLS and proxy settings, endpoints and limits; destinations keep their names
  // and order (others need a restart of the forwarder and spool).
  void reconfigure(Options options);
  std::vector<DestinationStats> stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgehaul::forward
