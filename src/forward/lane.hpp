// SPDX-License-Identifier: Apache-2.0
// Which records go next and how many at once: the only place that chooses an order. Pure.
#pragma once

#include <algorithm>
#include <chrono>
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
  // The request of so many bytes took so long.
  void was_accepted(std::uint64_t sent, std::chrono::nanoseconds took);

  // Of a request of the backlog: what the link takes in about kBacklogTime, for that long a fresh
  // record may have to wait for it.
  std::uint64_t backlog_bytes() const { return std::min(bytes(), by_pace_); }

  static constexpr std::uint64_t kLeast = 16 * 1024;
  static constexpr std::chrono::seconds kBacklogTime{3};
  static constexpr unsigned kPatience = 256;  // accepted requests before a larger size is tried

 private:
  std::uint64_t configured_;
  std::uint64_t by_size_ = UINT64_MAX;
  std::uint64_t by_speed_ = UINT64_MAX;
  std::uint64_t by_pace_ = 4 * kLeastPace;
  static constexpr std::uint64_t kLeastPace = 64 * 1024;
  unsigned accepted_ = 0;
};

// While a destination fails, tries are this small: a long outage costs little CPU and memory.
inline constexpr std::uint64_t kProbeBytes = 64 * 1024;

// Of one request: their names fit spool::kMaxBatchHeader.
inline constexpr std::uint32_t kMaxRecords = 400;

enum class Lane : std::uint8_t {
  all,      // everything, oldest first: no more than a request takes is waiting
  newest,   // our newest record alone, ahead of all that waits
  fresh,    // ours since then
  backlog,  // the rest, oldest first
};

spool::Wanted any_wanted(std::uint64_t max_bytes, std::optional<spool::Signal> signal);

// Fresh first: when the destination was away, or more waits than one request takes, our newest
// record goes first, then ours as they come, and behind them what waits, oldest first. Peers'
// records never overtake each other: all of them are backlog then.
class Lanes {
 public:
  Lane first() const;
  // Records of `lane` were leased, `last` is their highest id; `has_more`: others wait besides.
  void took(Lane lane, spool::RecordId last, bool has_more);
  // The lane to ask instead; nullopt: nothing is left.
  std::optional<Lane> was_empty(Lane lane);
  // The destination is away: what waits is a backlog when it comes back.
  void fall_behind() { state_ = State::away; }
  bool is_behind() const { return state_ == State::behind; }

  spool::Wanted wanted(Lane lane, std::uint64_t max_bytes,
                       std::optional<spool::Signal> signal) const;

 private:
  enum class State : std::uint8_t { level, away, behind };
  State state_ = State::away;  // nothing is known at the start
  spool::RecordId floor_ = 0;  // ours up to this one are not fresh
};

}  // namespace edgehaul::forward
