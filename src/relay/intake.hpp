// SPDX-License-Identifier: Apache-2.0
// What both receivers do with a decoded request: look into it, make it durable, answer. The answer
// comes after the commit. Lives on the io_context's thread; `done` of take() runs there or on the
// spool's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "base/clock.hpp"
#include "otlp/signal.hpp"
#include "relay/peers.hpp"
#include "spool/spool.hpp"

namespace edgehaul::relay {

enum class Outcome : std::uint8_t {
  kept,       // durable
  malformed,  // never send it again
  too_large,  // nor this
  later,      // full, degraded or stopping: send it again after `retry_after`
};

struct Taken {
  Outcome outcome = Outcome::kept;
  std::string words;  // why not, for the peer
  std::chrono::milliseconds retry_after{0};
};

// Until a burst is over.
inline constexpr std::chrono::milliseconds kWhenBusy{1'000};

// A serialized Export…ServiceRequest.
struct Request {
  std::string plain;
  codec::Coded coded = {};  // the same as it was sent, gzip or zstd: need not be packed again
};

struct Sender {
  std::string name;  // row of the reception table
  std::uint64_t wire_bytes = 0;
  std::string batch = {};  // the header spool::kBatchHeader, as sent
};

class Intake {
 public:
  // A request above this (or above what the spool takes) becomes several records, cut between
  // items, so that nobody behind the spool has to hold more at once. It is acknowledged when all of
  // them are durable.
  static constexpr std::size_t kMaxRecord = 4 << 20;

  // `max_held` bounds the bytes of requests that wait for their pieces' commits, all together.
  Intake(boost::asio::io_context& io, spool::Spool& spool, const base::Clock& clock,
         std::shared_ptr<Peers> peers, std::size_t max_held);

  using Done = std::function<void(Taken)>;
  // An empty request succeeds without being kept.
  void take(otlp::Signal signal, Request request, Sender sender, Done done);
  // A request that did not get as far as take().
  void refused(const Sender& sender, std::string_view words);

 private:
  struct Load;  // a large request on its way, piece by piece

  void take_in_pieces(std::shared_ptr<Load> load);
  void append(otlp::Signal signal, Request request, std::uint64_t items,
              std::shared_ptr<const spool::Batch> batch, spool::Committed committed);

  boost::asio::io_context& io_;
  spool::Spool& spool_;
  const base::Clock& clock_;
  // Shared with what waits in the spool, which may be answered after this is gone.
  const std::shared_ptr<Peers> peers_;
  const std::size_t max_held_;
  const std::size_t max_record_;
  const std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);
  // Tells large requests under way whether this is still there.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace edgehaul::relay
