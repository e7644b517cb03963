// SPDX-License-Identifier: Apache-2.0
// Which records go next and how many at once: the only place that chooses an order. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "spool/spool.hpp"

namespace edgehaul::forward {

// How large a request the destination and the link bear, learned from what became of earlier ones:
// at most the configured bound, less after answers that blame the size, and after timeouts, so that
// a thin link gets requests that fit into the time one may take. Finds its way back up.
class Allowance {
 public:
  explicit Allowance(std::uint64_t configured) : configured_(configured) {}

  std::uint64_t bytes() const;
  void was_too_large(std::uint64_t sent);
  void was_too_slow(std::uint64_t sent);
  void was_accepted();

  static constexpr std::uint64_t kLeast = 16 * 1024;
  static constexpr unsigned kPatience = 256;  // accepted requests before a larger size is tried

 private:
  std::uint64_t configured_;
  std::uint64_t by_size_ = UINT64_MAX;
  std::uint64_t by_speed_ = UINT64_MAX;
  unsigned accepted_ = 0;
};

// While a destination fails, tries are this small: a long outage costs little CPU and memory.
inline constexpr std::uint64_t kProbeBytes = 64 * 1024;

// Oldest first, in strict order.
spool::Wanted next_wanted(std::uint64_t max_bytes, std::optional<spool::Signal> signal,
                          spool::RecordId after);

}  // namespace edgehaul::forward
