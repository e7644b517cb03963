// SPDX-License-Identifier: Apache-2.0
// What happened at one destination, counted for status. The sender writes, anyone takes a snapshot.
#pragma once

#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "forward/options.hpp"
#include "forward/stats.hpp"

namespace edgehaul::forward {

class Ledger {
 public:
  explicit Ledger(const Destination& destination) { describe(destination); }

  void describe(const Destination& destination);  // its configuration, at start and after a reload
  void sent();                                    // a request went out
  void accepted(std::uint64_t bytes, std::uint64_t wire_bytes, base::UnixNanos now);
  void failed(const std::string& words, base::UnixNanos now);
  void repeated();  // the request must be sent again
  void delivered(std::uint64_t records, std::uint64_t items);
  void refused_items(std::uint64_t items);  // by partial_success, of delivered records
  void set_aside(std::uint64_t records);
  void withheld(std::uint64_t records, bool is_kept);  // for their age
  void lanes_are(bool is_behind, base::UnixNanos backlog_next);
  void now_is(State state, base::UnixNanos next_try);
  DestinationStats snapshot() const;

 private:
  mutable std::mutex mutex_;
  DestinationStats stats_;
  std::uint64_t items_to_take_off_ = 0;  // refused of a record that is not settled yet
};

}  // namespace edgehaul::forward
