// SPDX-License-Identifier: Apache-2.0
#include "spool/spool.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <pthread.h>
#include <signal.h>

#include "base/log.hpp"
#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

// What may wait for the disk. Past either bound append() refuses at once.
constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::uint64_t kMaxWaitingBytes = 8U << 20;
// Publishing the times of the oldest records costs some seeks; not with each commit of a burst.
constexpr int kCommitsPerLook = 32;
constexpr std::chrono::seconds kStopInDestructor{10};

Error stopping() {
  return {Errc::unavailable, "the spool is stopping"};
}

// A blocking call, on the stack of its caller's shared state.
struct Call {
  std::function<void(Engine&)> run;
  bool is_write = false;  // part of the commit; otherwise after it
  bool is_answered = false;
  bool is_cancelled = false;
};

}  // namespace

class Spool::Impl {
 public:
  Impl(const Options& options, const base::Clock& clock,
       std::function<void(std::string_view)> progress)
      : options_(options),
        engine_(options, clock, std::move(progress)),
        soft_limit_(engine_.limits().log_soft) {}

  static Result<std::shared_ptr<Impl>> open(const Options& options, const base::Clock& clock,
                                            std::function<void(std::string_view)> progress) {
    auto impl = std::make_shared<Impl>(options, clock, std::move(progress));
    if (auto opened = impl->engine_.open(); !opened) return pass(std::move(opened.error()));
    impl->publish();
    impl->start(impl);
    return impl;
  }

  void append(NewRecord record, Committed done) {
    auto packed = pack(std::move(record));
    if (!packed) return done(pass(std::move(packed.error())));
    if (auto refused = queue(*packed, done); !refused) done(pass(std::move(refused.error())));
  }

  // Runs `work` on the spool's thread and waits. False: the spool is stopping, it did not run.
  bool run(bool is_write, std::function<void(Engine&)> work) {
    assert(std::this_thread::get_id() != thread_id_);  // it would wait for itself
    auto call = std::make_shared<Call>();
    call->run = std::move(work);
    call->is_write = is_write;
    std::unique_lock lock(mutex_);
    if (is_stopping_) return false;
    calls_.push_back(call);
    work_.notify_one();
    answered_.wait(lock, [&] { return call->is_answered || call->is_cancelled; });
    return call->is_answered;
  }

  void on_append(std::function<void()> notify) {
    const std::lock_guard lock(mutex_);
    notify_ = std::move(notify);
  }

  Stats stats() const {
    Stats stats;
    {
      const std::lock_guard lock(mutex_);
      stats = stats_;
    }
    stats.disk_bytes = engine_.directory().bytes();
    return stats;
  }

  void stop(std::chrono::milliseconds limit);

 private:
  void start(std::shared_ptr<Impl> self);
  Result<void> queue(StoredRecord& record, Committed& done);
  void loop();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  std::vector<Append> take_appends();
  void serve(std::vector<Append>& appends, const std::vector<std::shared_ptr<Call>>& calls);
  void answer(std::vector<Append>& appends);
  void answer(const std::vector<std::shared_ptr<Call>>& calls);
  void publish();
  void look_around(bool has_work);

  const Options options_;
  Engine engine_;  // the thread's, but for directory() and limits()
  const std::uint64_t soft_limit_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable answered_;
  std::deque<Append> waiting_;
  std::uint64_t waiting_bytes_ = 0;
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

void Spool::Impl::start(std::shared_ptr<Impl> self) {
  // Signals are the main thread's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // The thread shares the ownership: one that hangs in the kernel outlives a stop that gave up.
  thread_ = std::thread([self = std::move(self)] {
    ::pthread_setname_np(::pthread_self(), "spool");
    self->loop();
  });
  thread_id_ = thread_.get_id();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Result<void> Spool::Impl::queue(StoredRecord& record, Committed& done) {
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return pass(stopping());
  // A large record may always come when nothing else waits.
  if (waiting_.size() >= kMaxWaiting ||
      (!waiting_.empty() && waiting_bytes_ + record.stored > kMaxWaitingBytes)) {
    return fail(Errc::unavailable, "too much waits for the disk already");
  }
  waiting_bytes_ += record.stored;
  Append& append = waiting_.emplace_back();
  append.record = std::move(record);
  append.done = std::move(done);
  work_.notify_one();
  return {};
}

// The lock is held on return; false when there is nothing left to do and the spool stops.
bool Spool::Impl::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto has_work = [this] { return !waiting_.empty() || !calls_.empty() || is_stopping_; };
  if (!has_work()) {
    lock.unlock();
    const auto idle = engine_.idle_time();
    lock.lock();
    if (!idle) {
      work_.wait(lock, has_work);
    } else if (*idle > std::chrono::nanoseconds(0)) {
      work_.wait_for(lock, *idle, has_work);
    }
  }
  if (options_.commit_delay.count() > 0 && !waiting_.empty() && calls_.empty() && !is_stopping_) {
    work_.wait_for(lock, options_.commit_delay, [this] {
      return !calls_.empty() || is_stopping_ || waiting_bytes_ >= soft_limit_;
    });
  }
  return !is_stopping_ || !waiting_.empty() || !calls_.empty();
}

// At most one log's worth, so that no commit is larger than what the log may grow.
std::vector<Append> Spool::Impl::take_appends() {
  std::vector<Append> taken;
  std::uint64_t bytes = 0;
  while (!waiting_.empty()) {
    const std::uint64_t next = Limits::pages_of(waiting_.front().record.stored) * Store::kPageBytes;
    if (!taken.empty() && bytes + next > soft_limit_) break;
    bytes += next;
    waiting_bytes_ -= waiting_.front().record.stored;
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

void Spool::Impl::loop() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    if (is_abandoned_) break;
    std::vector<Append> appends = take_appends();
    std::vector<std::shared_ptr<Call>> calls = std::move(calls_);
    calls_.clear();
    in_service_ = calls;
    for (Append& append : appends)
      in_commit_.push_back(std::move(append.done));
    lock.unlock();
    serve(appends, calls);
    lock.lock();
  }
  const bool is_abandoned = is_abandoned_;
  lock.unlock();
  if (!is_abandoned) engine_.close();
  lock.lock();
  has_stopped_ = true;
  answered_.notify_all();
}

void Spool::Impl::serve(std::vector<Append>& appends,
                        const std::vector<std::shared_ptr<Call>>& calls) {
  for (const auto& call : calls) {
    if (call->is_write) call->run(engine_);
  }
  engine_.write(appends);
  for (const auto& call : calls) {
    if (!call->is_write) call->run(engine_);
  }
  // Before the answers: who has one finds it in the status.
  if (!appends.empty() || !calls.empty()) look_around(!appends.empty());
  answer(appends);
  answer(calls);
  {
    const std::lock_guard lock(mutex_);
    in_service_.clear();
    if (is_abandoned_) return;
  }
  if (engine_.tend()) publish();
}

void Spool::Impl::answer(std::vector<Append>& appends) {
  if (appends.empty()) return;
  std::vector<Committed> callbacks;
  std::function<void()> notify;
  {
    const std::lock_guard lock(mutex_);
    callbacks.swap(in_commit_);
    if (!is_abandoned_) notify = notify_;
  }
  bool has_any = false;
  for (std::size_t i = 0; i < callbacks.size(); ++i) {
    has_any = has_any || appends[i].outcome.has_value();
    callbacks[i](std::move(appends[i].outcome));
  }
  if (has_any && notify) notify();
}

void Spool::Impl::answer(const std::vector<std::shared_ptr<Call>>& calls) {
  if (calls.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& call : calls)
    call->is_answered = !call->is_cancelled;
  answered_.notify_all();
}

void Spool::Impl::look_around(bool has_work) {
  bool is_busy = false;
  {
    const std::lock_guard lock(mutex_);
    is_busy = has_work && !waiting_.empty();
  }
  if (is_busy && ++commits_unseen_ < kCommitsPerLook) return;
  commits_unseen_ = 0;
  publish();
}

void Spool::Impl::publish() {
  Stats stats = engine_.stats();
  const std::lock_guard lock(mutex_);
  stats_ = std::move(stats);
}

void Spool::Impl::stop(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  is_stopping_ = true;
  work_.notify_one();
  const bool has_ended = answered_.wait_for(lock, limit, [this] { return has_stopped_; });
  if (has_ended) {
    lock.unlock();
    if (thread_.joinable()) thread_.join();
    return;
  }
  if (is_abandoned_) return;
  is_abandoned_ = true;
  std::vector<Committed> unanswered;
  unanswered.swap(in_commit_);
  for (Append& append : waiting_)
    unanswered.push_back(std::move(append.done));
  waiting_.clear();
  for (const auto* calls : {&calls_, &in_service_}) {
    for (const auto& call : *calls)
      call->is_cancelled = !call->is_answered;
  }
  calls_.clear();
  answered_.notify_all();
  thread_.detach();
  lock.unlock();
  log::error("spool", "the disk did not answer in time; {} records were not confirmed",
             unanswered.size());
  for (Committed& done : unanswered)
    done(pass(stopping()));
}

Spool::Spool(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Spool::~Spool() {
  stop(kStopInDestructor);
}

Result<std::unique_ptr<Spool>> Spool::open(Options options, const base::Clock& clock,
                                           std::function<void(std::string_view)> progress) {
  auto impl = Impl::open(options, clock, std::move(progress));
  if (!impl) return pass(std::move(impl.error()));
  return std::unique_ptr<Spool>(new Spool(std::move(*impl)));
}

void Spool::append(NewRecord record, Committed done) {
  impl_->append(std::move(record), std::move(done));
}

Result<RecordId> Spool::append_and_wait(NewRecord record) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<RecordId>> result;
  };
  // Shared: the caller may be gone before the notify below returns.
  const auto answer = std::make_shared<Answer>();
  impl_->append(std::move(record), [answer](Result<RecordId> result) {
    const std::lock_guard lock(answer->mutex);
    answer->result = std::move(result);
    answer->ready.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  answer->ready.wait(lock, [&] { return answer->result.has_value(); });
  return std::move(*answer->result);
}

Result<std::vector<Record>> Spool::lease(std::size_t index, const Wanted& wanted) {
  const auto taken = std::make_shared<std::vector<StoredRecord>>();
  const bool ran = impl_->run(false, [=](Engine& engine) { *taken = engine.lease(index, wanted); });
  if (!ran) return pass(stopping());
  // Unpacked on the caller's thread: commits go on meanwhile.
  std::vector<Record> records;
  std::vector<StoredRecord> damaged;
  for (StoredRecord& stored : *taken) {
    if (crc_of(stored, stored.body) != stored.crc) {
      damaged.push_back(std::move(stored));
    } else if (auto record = unpack(stored)) {
      records.push_back(std::move(*record));
    } else {
      damaged.push_back(std::move(stored));
    }
  }
  if (damaged.empty()) return records;
  const auto bad = std::make_shared<std::vector<StoredRecord>>(std::move(damaged));
  impl_->run(true, [bad](Engine& engine) { engine.discard_damaged(std::move(*bad)); });
  if (!records.empty()) return records;
  return lease(index, wanted);  // nothing but damage so far; each round takes some of it away
}

Result<void> Spool::settle(std::size_t index, const std::vector<RecordId>& ids, Outcome outcome,
                           std::string_view words) {
  const bool ran = impl_->run(true, [=, why = std::string(words)](Engine& engine) {
    engine.settle(index, ids, outcome, why);
  });
  if (!ran) return pass(stopping());
  return {};
}

void Spool::on_append(std::function<void()> notify) {
  impl_->on_append(std::move(notify));
}

Result<std::optional<std::string>> Spool::load_value(std::string_view key) {
  const auto value = std::make_shared<std::optional<std::string>>();
  const bool ran = impl_->run(
      false, [value, name = std::string(key)](Engine& engine) { *value = engine.value(name); });
  if (!ran) return pass(stopping());
  return std::move(*value);
}

Result<void> Spool::save_value(std::string_view key, std::string_view value) {
  if (key.starts_with('.')) return fail(Errc::invalid, "{}: a name of the spool's own", key);
  const auto result = std::make_shared<Result<void>>();
  const bool ran =
      impl_->run(true, [result, name = std::string(key), text = std::string(value)](
                           Engine& engine) { *result = engine.set_value(name, text); });
  if (!ran) return pass(stopping());
  return std::move(*result);
}

Stats Spool::stats() const {
  return impl_->stats();
}

void Spool::stop(std::chrono::milliseconds limit) {
  impl_->stop(limit);
}

}  // namespace edgehaul::spool
