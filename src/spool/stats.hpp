// SPDX-License-Identifier: Apache-2.0
// What the spool tells about itself; a plain copy for status and forward.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

enum class Mode : std::uint8_t {
  durable,  // on disk, synchronous=FULL
  memory,   // the disk fails: a bounded queue in memory, retried until it works again
};

// Records, their items (data points, log records, spans) and stored bytes.
struct Amount {
  std::uint64_t records = 0;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};

struct DestinationStats {
  std::string name;
  Amount waiting;              // not settled for this destination, leased included
  base::UnixNanos oldest = 0;  // time of the oldest waiting record; 0: none
  std::uint64_t leased = 0;    // records in flight
};

// Losses by reason: size, age, corrupt, memory, rejected, thinned.
using Losses = std::array<std::uint64_t, 6>;

// What blocks of ticks cover at one step.
struct Resolution {
  double step_seconds = 0;  // between two ticks, on average
  base::UnixNanos from = 0;
  base::UnixNanos until = 0;
  std::uint64_t records = 0;
};

struct Stats {
  Mode mode = Mode::durable;
  std::string trouble;          // why the mode is memory, in words; empty when all is well
  bool persistent = true;       // false: the directory is on tmpfs, overlay or the like
  std::string file_system;      // "ext4", "tmpfs"
  Amount held;                  // all records in the spool
  std::uint64_t unwritten = 0;  // of these in memory: the disk fails, or the loss window
  base::UnixNanos oldest = 0;   // time of the oldest record; 0: empty
  base::UnixNanos newest = 0;
  std::uint64_t disk_bytes = 0;  // database, WAL and companions
  std::uint64_t max_size = 0;
  double bytes_per_second = 0;  // rate of stored bytes appended, smoothed; 0 until known
  double hours_left = -1;       // at that rate until max_size is reached; -1: unknown
  std::uint64_t appended = 0;   // records since start
  std::uint64_t commits = 0;    // transactions since start
  // Losses, in records since start, by reason. Nothing leaves unaccepted without being counted
  // here.
  std::uint64_t dropped_size = 0;      // oldest dropped: the size bound
  std::uint64_t dropped_age = 0;       // older than max_age
  std::uint64_t dropped_corrupt = 0;   // failed their CRC or were unreadable after damage
  std::uint64_t dropped_memory = 0;    // did not fit the memory queue while degraded
  std::uint64_t dropped_rejected = 0;  // set aside and later pushed out by the set-aside bound
  std::uint64_t dropped_thinned = 0;   // ticks of our own between others, to make room
  // The same six, since this spool was created. A crash may take the last few from this count,
  // never from the ones above.
  Losses dropped_ever{};
  std::vector<Resolution> resolutions;  // of the ticks that are packed, fine ones first
  std::uint64_t set_aside = 0;          // rejected records kept for people
  std::uint64_t salvaged = 0;           // records brought over from a damaged file
  std::uint64_t quarantined_files = 0;  // damaged files kept beside the spool
  std::vector<DestinationStats> destinations;
};

}  // namespace edgehaul::spool
