// SPDX-License-Identifier: Apache-2.0
// The tick: wakes on multiples of the interval of the wall clock, reads every source, times each,
// and hands the batch to the spool. Owned by the daemon; runs on its own "collect" thread. stats()
// and reconfigure() are thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "metric/selection.hpp"
#include "metric/source.hpp"
#include "metric/value.hpp"
#include "sampler/schedule.hpp"
#include "sampler/tick.hpp"
#include "spool/spool.hpp"

namespace edgehaul::sampler {

// All that a reload may exchange.
struct Plan {
  std::chrono::milliseconds interval{10'000};
  metric::Sources sources;
  metric::Selection selection;
  metric::Attributes host;  // resource attributes
  // Asked before each tick, on the collect thread: the attributes when they became others. May be
  // empty.
  std::function<std::optional<metric::Attributes>()> renew_host;
};

struct Stats {
  std::chrono::milliseconds interval{0};
  std::uint64_t ticks = 0;
  std::uint64_t skipped = 0;             // ticks that an overrun or a clock step passed over
  std::uint64_t not_kept = 0;            // ticks that the spool refused
  base::UnixNanos last_tick = 0;         // 0: none yet
  base::Steady last_tick_steady{};       // the same by the steady clock; start() until the first
  std::chrono::nanoseconds duration{0};  // of the last tick, wall
  std::chrono::nanoseconds cpu{0};       // of the last tick, this thread
  std::uint64_t points = 0;              // of the last tick
  std::uint64_t resets = 0;              // counters that fell and began a new sequence
  std::uint64_t clock_steps = 0;         // wall clock jumps of more than two seconds
  std::vector<SourceStats> sources;
};

class Sampler {
 public:
  // `boot_id` names this boot of the host; `measured_boot` is the boot time by the clock now. The
  // boot time used for start timestamps is the one first seen in this boot, kept in the spool.
  Sampler(Plan plan, const std::string& version, const std::string& boot_id,
          base::UnixNanos measured_boot, spool::Spool& spool, const base::Clock& clock);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  void start();
  void stop();
  void reconfigure(Plan plan);
  Stats stats() const;

 private:
  void run(const std::stop_token& stop);
  void one_tick(base::UnixNanos now, std::uint64_t skipped);
  void keep(std::string body, std::uint32_t items, base::UnixNanos time);
  void note_clock_step(base::UnixNanos now);
  void take_pending_plan(Schedule& schedule);

  Tick tick_;
  std::function<std::optional<metric::Attributes>()> renew_host_;
  spool::Spool& spool_;
  const base::Clock& clock_;
  const base::UnixNanos boot_;
  std::chrono::nanoseconds wall_minus_boot_{0};

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Plan> pending_;
  Stats stats_;
  std::jthread thread_;
};

}  // namespace edgehaul::sampler
