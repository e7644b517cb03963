// SPDX-License-Identifier: Apache-2.0
#include "forward/ledger.hpp"

#include <algorithm>

#include "forward/words.hpp"

namespace edgehaul::forward {

void Ledger::describe(const Destination& destination) {
  const std::lock_guard lock(mutex_);
  stats_.name = destination.name;
  stats_.endpoint = shown_endpoint(destination.endpoint);
  stats_.protocol = destination.protocol == Protocol::grpc ? "grpc" : "http";
  stats_.compression = codec::coding_name(destination.compression);
}

void Ledger::sent() {
  const std::lock_guard lock(mutex_);
  ++stats_.requests;
}

void Ledger::accepted(std::uint64_t bytes, std::uint64_t wire_bytes, base::UnixNanos now) {
  const std::lock_guard lock(mutex_);
  stats_.delivered_bytes += bytes;
  stats_.wire_bytes += wire_bytes;
  stats_.last_success = now;
}

void Ledger::failed(const std::string& words, base::UnixNanos now) {
  const std::lock_guard lock(mutex_);
  stats_.last_error = words;
  stats_.last_error_time = now;
}

void Ledger::repeated() {
  const std::lock_guard lock(mutex_);
  ++stats_.retries;
}

void Ledger::delivered(std::uint64_t records, std::uint64_t items) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t off = std::min(items, items_to_take_off_);
  items_to_take_off_ -= off;
  stats_.delivered_records += records;
  stats_.delivered_items += items - off;
}

void Ledger::refused_items(std::uint64_t items) {
  const std::lock_guard lock(mutex_);
  stats_.rejected_items += items;
  items_to_take_off_ += items;
}

void Ledger::set_aside(std::uint64_t records) {
  const std::lock_guard lock(mutex_);
  stats_.rejected_records += records;
}

void Ledger::withheld(std::uint64_t records, bool is_kept) {
  const std::lock_guard lock(mutex_);
  (is_kept ? stats_.too_old_kept : stats_.too_old_dropped) += records;
}

void Ledger::lanes_are(bool is_behind, base::UnixNanos backlog_next) {
  const std::lock_guard lock(mutex_);
  stats_.is_behind = is_behind;
  stats_.backlog_next = backlog_next;
}

void Ledger::now_is(State state, base::UnixNanos next_try) {
  const std::lock_guard lock(mutex_);
  stats_.state = state;
  stats_.next_try = next_try;
}

DestinationStats Ledger::snapshot() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace edgehaul::forward
