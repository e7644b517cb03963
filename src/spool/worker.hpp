// SPDX-License-Identifier: Apache-2.0
// The spool's thread and the bounded queue in front of it: everything that arrived since the last
// commit becomes the next one, then all waiters are answered. Shared between its owner and its
// thread, which may hang in the kernel and outlive a stop that gave up. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "spool/engine.hpp"

namespace edgehaul::spool {

class Worker {
 public:
  Worker(const Options& options, const base::Clock& clock,
         std::function<void(std::string_view)> progress);

  static Result<std::shared_ptr<Worker>> open(const Options& options, const base::Clock& clock,
                                              std::function<void(std::string_view)> progress);

  void append(NewRecord record, Committed done);
  // Runs `work` on the spool's thread and waits; a write becomes part of the next commit, anything
  // else comes after it. False: the spool is stopping, it did not run.
  bool run(bool is_write, std::function<void(Engine&)> work);
  // Queues `work` for the next commit and waits for nothing; what is run later finds it done.
  bool post(std::function<void(Engine&)> work);
  void on_append(std::function<void()> notify);
  std::uint64_t largest_record() const { return engine_.limits().largest_record(); }
  Stats stats() const;
  Amount waiting(std::size_t index) const;
  std::vector<SenderReport> senders() const { return engine_.senders(); }
  void stop(std::chrono::milliseconds limit);

 private:
  struct Call {
    std::function<void(Engine&)> run;
    bool is_write = false;
    bool is_answered = false;
    bool is_cancelled = false;
  };

  void start(std::shared_ptr<Worker> self);
  // The tick that the next ones are told from.
  struct Anchor {
    frame::AnchorPtr frame;
    std::uint64_t id = 0;
    std::uint64_t whole = 0;   // bytes of it by itself
    std::uint64_t least = 0;   // bytes of the first tick told from it
    std::uint64_t excess = 0;  // of all the others over that one
  };

  Result<Append> prepare(NewRecord record);
  static Result<StoredRecord> pack_tick(const frame::Frame& frame, Anchor& anchor);
  Result<void> queue(Append& append);
  void loop();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  std::vector<Append> take_appends();
  using Calls = std::vector<std::shared_ptr<Call>>;
  void serve(std::vector<Append>& appends, const Calls& calls);
  void run_reads(const Calls& calls);
  void answer(std::vector<Append>& appends);
  void answer(const Calls& calls, bool is_write);
  void publish();
  void look_around(bool has_work);

  const Options options_;
  Engine engine_;  // the thread's, but for directory() and limits()
  const std::uint64_t most_in_commit_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable answered_;
  std::deque<Append> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  Anchor anchor_;                     // of our own ticks
  std::vector<Committed> in_commit_;  // whoever takes them (thread or stop) answers them
  std::vector<std::shared_ptr<Call>> calls_;
  std::vector<std::shared_ptr<Call>> in_service_;
  std::function<void()> notify_;
  Stats stats_;
  bool is_stopping_ = false;
  bool has_stopped_ = false;
  bool is_abandoned_ = false;  // stop() gave up waiting: nobody is to be called any more
  int commits_unseen_ = 0;
  std::thread thread_;
  std::thread::id thread_id_;
};

}  // namespace edgehaul::spool
