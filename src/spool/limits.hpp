// SPDX-License-Identifier: Apache-2.0
// How max_size is shared out: the log and the ballast first, the rest is the database. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "spool/options.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

struct Limits {
  static constexpr std::uint64_t kLeast = 1U << 20;  // a smaller max_size is raised to this
  // On tmpfs and the like, whose pages count towards MemoryMax= of the unit (128 MiB).
  static constexpr std::uint64_t kMostInMemory = 64U << 20;
  // Kept free in the database, so that progress and deletes never wait for room.
  static constexpr std::uint64_t kReservePages = 16;

  std::uint64_t max_size = 0;
  std::uint64_t log_hard = 0;  // the log never grows past this
  std::uint64_t commit = 0;    // the most that one commit gathers
  // A checkpoint is due. What is delivered by then leaves pages that the next records take, so that
  // a large log saves a relay most of what would be copied into the database.
  std::uint64_t log_soft = 0;
  std::uint64_t ballast = 0;    // what a checkpoint may need of a full disk
  std::uint64_t log_index = 0;  // the -shm file
  std::uint64_t set_aside = 0;
  // Pages in memory. A relay's rows are many pages each, which deleting has to look at once more.
  std::uint64_t cache = 0;

  static Limits of(const Options& options) {
    Limits limits;
    limits.max_size = std::max(options.max_size, kLeast);
    limits.log_hard = std::clamp<std::uint64_t>(limits.max_size / 8, 128U << 10, 16U << 20);
    limits.commit = std::clamp<std::uint64_t>(limits.max_size / 64, 64U << 10, 2U << 20);
    limits.log_soft =
        std::max(limits.commit, std::min<std::uint64_t>(limits.max_size / 128, 8U << 20));
    limits.ballast = 2 * limits.log_soft;
    // 32 KiB of index for each 4096 frames, the first one a little less.
    limits.log_index = (limits.log_hard / Store::kFrameBytes / 4000 + 1) * (32U << 10);
    limits.cache = options.keep_peers ? 2U << 20 : Database::kCache;
    limits.set_aside = std::min(options.set_aside_size, limits.max_size / 8);
    return limits;
  }

  // Pages of the database beside `companions` bytes of other files.
  std::uint64_t pages(std::uint64_t companions) const {
    const std::uint64_t fixed = log_hard + ballast + log_index + companions;
    const std::uint64_t least = max_size / 4;
    return std::max(least, max_size > fixed ? max_size - fixed : 0) / Store::kPageBytes;
  }

  // The largest packed record: its commit must fit the log.
  std::uint64_t largest_record() const { return log_hard - 24 * Store::kFrameBytes; }

  // A block is recoded in one commit.
  std::uint64_t largest_block() const { return log_hard / 2; }

  // Pages that a row of so many stored bytes takes at most.
  static std::uint64_t pages_of(std::uint64_t stored) {
    const std::uint64_t payload = stored + 80;
    return payload < 4000 ? 1 : payload / 4092 + 2;
  }
};

}  // namespace edgehaul::spool
