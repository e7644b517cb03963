// SPDX-License-Identifier: Apache-2.0
// What the send loop needs of the spool and of the HTTP client, so that tests can stand in for
// both. Used on the forward thread, but for Transport::wakeup.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "forward/lineage.hpp"
#include "http/client.hpp"
#include "spool/spool.hpp"

namespace edgehaul::forward {

// As spool::Spool has them.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual Result<std::vector<spool::Record>> lease(std::size_t index,
                                                   const spool::Wanted& wanted) = 0;
  virtual Result<void> settle(std::size_t index, const std::vector<spool::RecordId>& ids,
                              spool::Outcome outcome, std::string_view words) = 0;
  virtual spool::Amount waiting(std::size_t index) const = 0;
};

// As http::Client has them.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual http::TransferId start(http::ClientRequest request, http::Done done) = 0;
  virtual void cancel(http::TransferId id) = 0;
  virtual void run(std::chrono::milliseconds limit) = 0;
  virtual void wakeup() = 0;
  virtual void forget_connections() = 0;
};

// Uniform in [0, 1).
using Random = std::function<double()>;

// Not owned; outlive those who hold them.
struct Surroundings {
  Queue& queue;
  Transport& transport;
  const base::Clock& clock;
  Random random;
  Lineage lineage;  // how records are named towards a relay; an empty one names none
};

}  // namespace edgehaul::forward
