// SPDX-License-Identifier: Apache-2.0
#include "sources/host/offload.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/clock.hpp"

namespace edgehaul::host {

struct Offload::Shared {
  mutable std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable call_returned;
  std::deque<TaskPtr> queue;
  std::vector<std::shared_ptr<Worker>> workers;
  std::array<unsigned, kLanes> running{};
  std::uint64_t returns = 0;
  bool is_stopping = false;

  unsigned& lane(const Task& task) { return running[static_cast<std::size_t>(task.lane_)]; }
  auto runnable() {
    return std::find_if(queue.begin(), queue.end(),
                        [this](const TaskPtr& task) { return lane(*task) < kLaneThreads; });
  }
  // Threads that are idle or in a call that has not been given up on.
  std::size_t usable() const {
    return static_cast<std::size_t>(
        std::count_if(workers.begin(), workers.end(), [](const std::shared_ptr<Worker>& worker) {
          return !worker->task || !worker->task->is_late_;
        }));
  }
  // Every place of the task's lane is held by a call that was given up on.
  bool is_lane_stuck(const Task& task) const {
    const auto stuck =
        std::count_if(workers.begin(), workers.end(), [&](const std::shared_ptr<Worker>& worker) {
          return worker->task && worker->task->lane_ == task.lane_ && worker->task->is_stuck_;
        });
    return stuck >= static_cast<std::ptrdiff_t>(kLaneThreads);
  }
  void reap() {
    std::erase_if(workers, [](const std::shared_ptr<Worker>& worker) {
      if (!worker->has_ended) return false;
      worker->thread.join();
      return true;
    });
  }
};

Offload::Offload() : shared_(std::make_shared<Shared>()) {}

Offload::~Offload() {
  std::vector<std::thread> free_threads;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_stopping = true;
    shared_->queue.clear();
    for (const auto& worker : shared_->workers) {
      if (worker->task) {
        worker->thread.detach();
      } else {
        free_threads.push_back(std::move(worker->thread));
      }
    }
  }
  shared_->work_came.notify_all();
  for (std::thread& thread : free_threads)
    thread.join();
}

void Offload::work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& worker) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->work_came.wait(
        lock, [&] { return shared->is_stopping || shared->runnable() != shared->queue.end(); });
    if (shared->is_stopping) break;
    const auto next = shared->runnable();
    worker->task = std::move(*next);
    shared->queue.erase(next);
    Task& task = *worker->task;
    task.state_ = Task::State::running;
    ++shared->lane(task);
    lock.unlock();
    task.run();
    lock.lock();
    --shared->lane(task);
    task.state_ = Task::State::done;
    task.is_stuck_ = false;
    const bool was_late = std::exchange(task.is_late_, false);
    worker->task.reset();
    ++shared->returns;
    shared->call_returned.notify_all();
    // The place in the lane that is free now may be what a queued task was waiting for.
    if (!shared->queue.empty()) shared->work_came.notify_all();
    // Another thread took this one's place while it hung; one is enough.
    if (was_late && shared->usable() > 1) break;
  }
  worker->has_ended = true;
}

void Offload::spawn_if_needed() {
  shared_->reap();
  if (shared_->usable() > 0 || shared_->runnable() == shared_->queue.end()) return;
  auto worker = std::make_shared<Worker>();
  shared_->workers.push_back(worker);
  try {
    worker->thread = std::thread(work, shared_, worker);
  } catch (const std::system_error&) {  // no more threads for us: the task waits for a later tick
    shared_->workers.pop_back();
  }
}

void Offload::post(const TaskPtr& task) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (task->state_ != Task::State::idle) return;
    // What nobody but the queue remembers is of no use any more.
    std::erase_if(shared_->queue, [](const TaskPtr& queued) { return queued.use_count() == 1; });
    task->state_ = Task::State::queued;
    shared_->queue.push_back(task);
    spawn_if_needed();
  }
  shared_->work_came.notify_one();
}

void Offload::await(const std::vector<TaskPtr>& tasks, std::chrono::milliseconds deadline) {
  // When nothing has returned for this long, another thread takes the rest of the queue.
  constexpr std::chrono::milliseconds kPatience{20};
  const base::SystemClock clock;
  const base::Steady end = clock.steady() + deadline;
  std::unique_lock lock(shared_->mutex);
  const auto is_open = [&](const TaskPtr& task) {
    if (task->state_ == Task::State::running) return !task->is_stuck_;
    // A queued task whose lane is full of hanging calls has nobody to wait for.
    return task->state_ == Task::State::queued && !shared_->is_lane_stuck(*task);
  };
  while (std::any_of(tasks.begin(), tasks.end(), is_open)) {
    const base::Steady now = clock.steady();
    if (now >= end) break;
    const std::uint64_t before = shared_->returns;
    if (shared_->call_returned.wait_until(lock, std::min(now + kPatience, end),
                                          [&] { return shared_->returns != before; })) {
      continue;
    }
    for (const auto& worker : shared_->workers)
      if (worker->task) worker->task->is_late_ = true;
    spawn_if_needed();
  }
  for (const TaskPtr& task : tasks)
    if (task->state_ == Task::State::running) task->is_stuck_ = true;
}

bool Offload::take(Task& task) {
  const std::lock_guard lock(shared_->mutex);
  if (task.state_ != Task::State::done) return false;
  task.state_ = Task::State::idle;
  return true;
}

bool Offload::is_stuck(const Task& task) const {
  const std::lock_guard lock(shared_->mutex);
  return task.is_stuck_;
}

std::size_t Offload::threads() const {
  const std::lock_guard lock(shared_->mutex);
  return static_cast<std::size_t>(
      std::count_if(shared_->workers.begin(), shared_->workers.end(),
                    [](const std::shared_ptr<Worker>& worker) { return !worker->has_ended; }));
}

}  // namespace edgehaul::host
