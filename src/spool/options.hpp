// SPDX-License-Identifier: Apache-2.0
// What the operator may set of the spool. Plain data, filled by config.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "spool/record.hpp"

namespace edgehaul::spool {

struct Options {
  std::string directory;                  // holds spool.db and its companions
  std::uint64_t max_size = 256ULL << 20;  // bytes on disk, all files together
  std::chrono::milliseconds max_age{std::chrono::hours(30 * 24)};
  std::uint64_t memory_queue = 8ULL << 20;    // bytes kept in memory while the disk fails
  std::uint64_t set_aside_size = 8ULL << 20;  // bytes of rejected records kept for people
  std::chrono::milliseconds commit_delay{0};  // wait at most this long to share a commit
  // Ticks of our own may stay in memory for so long before they are written. 0: none does.
  std::chrono::milliseconds loss_window{0};
  // Full: ticks of our own are thinned, oldest first, down to this step, before records are
  // dropped. 0: never.
  std::chrono::milliseconds thin_coarsest{std::chrono::minutes(5)};
  // Full: refuse peers' records (they keep them) and never drop one for our own, instead of
  // dropping the oldest of all.
  bool keep_peers = false;
  // Full: records of peers with these signals go nevertheless, those of the first one first.
  std::vector<Signal> drop_first;
  std::vector<std::string> destinations;  // names; each keeps its own progress
};

}  // namespace edgehaul::spool
