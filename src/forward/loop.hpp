// SPDX-License-Identifier: Apache-2.0
// Turns all senders until told to stop, and sleeps until something can be done: an answer, new
// records, the next retry. Owned by the Forwarder; run() and turn() on the forward thread, the rest
// on any.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "forward/options.hpp"
#include "forward/seams.hpp"
#include "forward/sender.hpp"
#include "forward/stats.hpp"

namespace edgehaul::forward {

class Loop {
 public:
  Loop(Options options, Surroundings around, const LogSink& sink);

  void run();
  // Does what can be done now; how long to wait in Transport::run() for the next.
  std::chrono::milliseconds turn();
  bool is_finished() const { return is_finished_; }

  void notify();
  void request_stop();
  void reconfigure(Options options);
  std::vector<DestinationStats> stats() const;

 private:
  void take_requests(base::Steady now);
  void apply(Options options);
  std::optional<base::Steady> step_all();
  void finish();
  std::optional<base::Steady> trim();

  Surroundings around_;
  LogSink sink_;
  std::chrono::milliseconds stop_grace_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::optional<base::Steady> stop_at_;
  std::uint64_t moved_bytes_ = 0;
  base::Steady next_trim_{};
  bool is_finished_ = false;

  std::mutex mutex_;  // next_options_
  std::optional<Options> next_options_;
  std::atomic<bool> has_options_{false};
  std::atomic<bool> has_news_{true};    // records may have come
  std::atomic<bool> is_hungry_{false};  // a sender waits for records
  std::atomic<bool> should_stop_{false};
};

}  // namespace edgehaul::forward
