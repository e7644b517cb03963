// SPDX-License-Identifier: Apache-2.0
// What both receivers do with a decoded request: look into it, make it durable, answer. The answer
// comes after the commit. take() is called on the io_context's thread; `done` runs there or on the
// spool's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "otlp/signal.hpp"
#include "relay/peers.hpp"
#include "spool/spool.hpp"

namespace edgehaul::relay {

enum class Outcome : std::uint8_t {
  kept,       // durable
  malformed,  // never send it again
  later,      // full, degraded or stopping: send it again after `retry_after`
};

struct Taken {
  Outcome outcome = Outcome::kept;
  std::string words;  // why not, for the peer
  std::chrono::milliseconds retry_after{0};
};

struct Sender {
  std::string name;  // row of the reception table
  std::uint64_t wire_bytes = 0;
};

class Intake {
 public:
  Intake(spool::Spool& spool, const base::Clock& clock, Peers& peers)
      : spool_(spool), clock_(clock), peers_(peers) {}

  using Done = std::function<void(Taken)>;
  // `request` is a serialized Export…ServiceRequest. An empty one succeeds without being kept.
  void take(otlp::Signal signal, std::string request, Sender sender, Done done);
  // A request that did not get as far as take().
  void refused(const Sender& sender, std::string_view words);

 private:
  spool::Spool& spool_;
  const base::Clock& clock_;
  Peers& peers_;
};

}  // namespace edgehaul::relay
