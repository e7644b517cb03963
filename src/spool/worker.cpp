// SPDX-License-Identifier: Apache-2.0
#include "spool/worker.hpp"

#include <algorithm>
#include <cassert>
#include <csignal>

#include <pthread.h>

#include "base/log.hpp"

namespace edgehaul::spool {

namespace {

// What may wait for the disk. Past either bound append() refuses at once.
constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::uint64_t kMaxWaitingBytes = 8U << 20;
// Publishing the times of the oldest records costs some seeks; not with each commit of a burst.
constexpr int kCommitsPerLook = 32;
// What a new anchor costs beside its bytes, which are written twice: pages that change with it.
constexpr std::uint64_t kAnchorPages = 6 * Store::kPageBytes;

Error stopping() {
  return {Errc::unavailable, "the spool is stopping"};
}

}  // namespace

Worker::Worker(const Options& options, const base::Clock& clock,
               std::function<void(std::string_view)> progress)
    : options_(options),
      engine_(options, clock, std::move(progress)),
      most_in_commit_(engine_.limits().commit) {}

Result<std::shared_ptr<Worker>> Worker::open(const Options& options, const base::Clock& clock,
                                             std::function<void(std::string_view)> progress) {
  auto worker = std::make_shared<Worker>(options, clock, std::move(progress));
  if (auto opened = worker->engine_.open(); !opened) return pass(std::move(opened.error()));
  worker->publish();
  worker->start(worker);
  return worker;
}

void Worker::append(NewRecord record, Committed done) {
  auto append = prepare(std::move(record));
  if (!append) return done(pass(std::move(append.error())));
  append->done = std::move(done);
  if (auto refused = queue(*append); !refused) append->done(pass(std::move(refused.error())));
}

// The slow half, on the caller's thread. Our own ticks are kept as frames; a request that makes no
// frame (too large, or without points) is kept as it is.
Result<Append> Worker::prepare(NewRecord record) {
  Append append;
  if (record.origin == Origin::own && record.signal == Signal::metrics) {
    Anchor anchor;
    {
      const std::lock_guard lock(mutex_);
      anchor = anchor_;
    }
    const auto last = anchor.frame ? anchor.frame->shape : nullptr;
    auto frame = frame::make_frame(record.body, record.time, last);
    if (frame && frame->shape->points() > 0) {
      auto packed = pack_tick(*frame, anchor);
      if (!packed) return pass(std::move(packed.error()));
      append.record = std::move(*packed);
      append.anchor = anchor.frame;
      const std::lock_guard lock(mutex_);
      anchor_ = std::move(anchor);
      return append;
    }
  }
  if (record.origin == Origin::peer && !options_.destinations.empty()) {
    append.hot = HotBody(engine_.hot_room(), record.body.size() + record.coded.bytes.size());
  }
  const bool came_coded = !record.coded.bytes.empty();
  const Packing packing = append.hot ? engine_.packing_of_hot(record.body.size()) : Packing::small;
  auto packed = pack(std::move(record), packing);
  if (!packed) return pass(std::move(packed.error()));
  append.record = std::move(*packed);
  const bool is_plain = coding_of(append.record) == codec::Coding::identity;
  append.came_coded = came_coded && !is_plain;
  // NOLINTNEXTLINE(bugprone-use-after-move): pack() leaves it there
  if (append.hot) append.hot.plain = is_plain ? append.record.body : std::move(record.body);
  return append;
}

// The further a tick is from its anchor the longer it gets. A new one is due with another shape,
// and when the old one has cost as much as a new one would.
Result<StoredRecord> Worker::pack_tick(const frame::Frame& frame, Anchor& anchor) {
  if (!anchor.frame || anchor.frame->shape != frame.shape ||
      anchor.excess > 2 * anchor.whole + kAnchorPages) {
    const auto whole = frame::encode_frame(frame);
    if (!whole) return pass(Error(whole.error()));
    anchor = {std::make_shared<const frame::Frame>(frame), id_of_anchor(frame), whole->size()};
    return pack(frame, *anchor.frame, anchor.id);
  }
  auto packed = pack(frame, *anchor.frame, anchor.id);
  if (!packed) return packed;
  if (anchor.least == 0) anchor.least = packed->stored;
  if (packed->stored > anchor.least) anchor.excess += packed->stored - anchor.least;
  return packed;
}

bool Worker::run(bool is_write, std::function<void(Engine&)> work) {
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

bool Worker::post(std::function<void(Engine&)> work) {
  auto call = std::make_shared<Call>();
  call->run = std::move(work);
  call->is_write = true;
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return false;
  calls_.push_back(std::move(call));
  work_.notify_one();
  return true;
}

void Worker::on_append(std::function<void()> notify) {
  const std::lock_guard lock(mutex_);
  notify_ = std::move(notify);
}

Stats Worker::stats() const {
  Stats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = stats_;
  }
  stats.disk_bytes = engine_.directory().bytes();
  return stats;
}

Amount Worker::waiting(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return index < stats_.destinations.size() ? stats_.destinations[index].waiting : Amount{};
}

void Worker::start(std::shared_ptr<Worker> self) {
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

Result<void> Worker::queue(Append& append) {
  const StoredRecord& record = append.record;
  const std::lock_guard lock(mutex_);
  if (is_stopping_) return pass(stopping());
  // A large record may always come when nothing else waits.
  if (waiting_.size() >= kMaxWaiting ||
      (!waiting_.empty() && waiting_bytes_ + record.stored > kMaxWaitingBytes)) {
    return fail(Errc::unavailable, "too much waits for the disk already");
  }
  waiting_bytes_ += record.stored;
  waiting_.push_back(std::move(append));
  work_.notify_one();
  return {};
}

// The lock is held on return; false when there is nothing left to do and the spool stops.
bool Worker::wait_for_work(std::unique_lock<std::mutex>& lock) {
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
      return !calls_.empty() || is_stopping_ || waiting_bytes_ >= most_in_commit_;
    });
  }
  return !is_stopping_ || !waiting_.empty() || !calls_.empty();
}

// At most one log's worth, so that no commit is larger than what the log may grow.
std::vector<Append> Worker::take_appends() {
  std::vector<Append> taken;
  std::uint64_t bytes = 0;
  while (!waiting_.empty()) {
    const std::uint64_t next = Limits::pages_of(waiting_.front().record.stored) * Store::kPageBytes;
    if (!taken.empty() && bytes + next > most_in_commit_) break;
    bytes += next;
    waiting_bytes_ -= waiting_.front().record.stored;
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return taken;
}

void Worker::loop() {
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

void Worker::serve(std::vector<Append>& appends, const Calls& calls) {
  for (const auto& call : calls) {
    if (call->is_write) call->run(engine_);
  }
  // A sender that has something to take already need not wait for the disk.
  const bool reads_first = engine_.has_hot();
  if (reads_first) run_reads(calls);
  engine_.write(appends);
  // Before the answers: who has one finds it in the status.
  if (!appends.empty() || !calls.empty()) look_around(!appends.empty());
  if (!reads_first) run_reads(calls);
  answer(appends);
  answer(calls, true);
  {
    const std::lock_guard lock(mutex_);
    in_service_.clear();
    if (is_abandoned_) return;
  }
  if (engine_.tend()) publish();
}

void Worker::answer(std::vector<Append>& appends) {
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

void Worker::run_reads(const Calls& calls) {
  for (const auto& call : calls) {
    if (!call->is_write) call->run(engine_);
  }
  answer(calls, false);
}

void Worker::answer(const Calls& calls, bool is_write) {
  if (calls.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& call : calls) {
    if (call->is_write == is_write) call->is_answered = !call->is_cancelled;
  }
  answered_.notify_all();
}

void Worker::look_around(bool has_work) {
  bool is_busy = false;
  {
    const std::lock_guard lock(mutex_);
    is_busy = has_work && !waiting_.empty();
  }
  if (is_busy && ++commits_unseen_ < kCommitsPerLook) return;
  commits_unseen_ = 0;
  publish();
}

void Worker::publish() {
  Stats stats = engine_.stats();
  const std::lock_guard lock(mutex_);
  stats_ = std::move(stats);
}

void Worker::stop(std::chrono::milliseconds limit) {
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

}  // namespace edgehaul::spool
