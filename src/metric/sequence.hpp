// SPDX-License-Identifier: Apache-2.0
// Keeps cumulative monotonic series honest: when a counter falls (device re-plugged, driver
// reloaded, counter reset) a new sequence begins whose start is the time of the last point before
// the fall (OTLP data model, resets and gaps). Applied to a whole batch after all sources ran;
// collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "metric/batch.hpp"

namespace edgehaul::metric {

class Sequences {
 public:
  // Rewrites `start` of monotonic sums where a reset was seen. Series not seen for `kForget` ticks
  // are forgotten. Returns true when the set of moved starts changed (save it then).
  bool apply(Batch& batch);

  // The moved starts, so that they survive a restart of the agent: opaque text, a line per series.
  std::string save() const;
  // Restores what save() gave; lines that do not parse are skipped.
  void load(std::string_view saved);

  std::uint64_t resets() const { return resets_; }

 private:
  static constexpr std::uint32_t kForget = 360;
  struct Series {
    double last_value = 0;
    base::UnixNanos last_time = 0;
    base::UnixNanos natural_start = 0;  // what the source said when the start was moved
    base::UnixNanos moved_start = 0;    // 0: not moved
    std::uint32_t seen = 0;
  };
  std::unordered_map<std::uint64_t, Series> series_;
  std::uint32_t tick_ = 0;
  std::uint64_t resets_ = 0;
};

}  // namespace edgehaul::metric
