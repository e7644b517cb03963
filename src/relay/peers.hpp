// SPDX-License-Identifier: Apache-2.0
// Who sends what: one row for each authenticated name or address, bounded, so that an operator sees
// which site has gone silent. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"

namespace edgehaul::relay {

struct PeerRow {
  std::string name;
  base::UnixNanos first_seen = 0;
  base::UnixNanos last_seen = 0;
  bool has_sent = false;       // something that was taken, ever
  std::uint64_t requests = 0;  // taken, like all counts since the start of the process
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;     // as sent
  std::uint64_t refused = 0;   // malformed, too large, not allowed
  std::uint64_t deferred = 0;  // told to come again
  std::string last_error;
  base::UnixNanos last_error_time = 0;
};

class Peers {
 public:
  explicit Peers(std::size_t max_rows) : max_rows_(max_rows) {}

  enum class Event : std::uint8_t { taken, refused, deferred };
  void note(std::string_view name, base::UnixNanos now, Event event, std::uint64_t items,
            std::uint64_t bytes, std::string_view words = {});

  std::size_t max_rows() const { return max_rows_; }
  // Rows, the longest silent first.
  std::vector<PeerRow> rows() const;
  // Rows that made room for newer ones.
  std::uint64_t forgotten() const;

  // What outlives the process: when whoever has sent something was first and last seen, in seconds,
  // a line "first last name" each. The longest silent first, as many as `most` bytes hold: who
  // sends is soon there again.
  std::string text(std::size_t most) const;
  // Puts such rows back. What is no such line is passed over.
  void restore(std::string_view text);

 private:
  // nullptr: no room for one that has sent nothing.
  PeerRow* row(std::string_view name, base::UnixNanos now, Event event);

  const std::size_t max_rows_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, PeerRow> rows_;
  std::uint64_t forgotten_ = 0;
};

// "10.0.0.7" of "10.0.0.7:51234", "fe80::1" of "[fe80::1]:4318": ports change with every
// connection.
std::string_view host_of(std::string_view peer);

}  // namespace edgehaul::relay
