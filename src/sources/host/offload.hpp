// SPDX-License-Identifier: Apache-2.0
// Calls that may hang in the kernel (statfs on a dead server, a sensor behind a stuck bus) run
// here, on a few threads of their own, so that the collect thread can give up on them. A call that
// hangs keeps its thread until it returns; lanes bound how many threads one kind of call can hold.
// Owned by the sources that share it; used from the collect thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace edgehaul::host {

enum class Lane : std::uint8_t {
  local,   // mounts of block devices
  remote,  // mounts of anything else
  sensor,
};
inline constexpr std::size_t kLanes = 3;
inline constexpr unsigned kLaneThreads = 2;

class Offload {
 public:
  // A call that is made again and again. run() is the only part that another thread touches: what
  // it leaves in the task may be read while state() is idle or done.
  class Task {
   public:
    explicit Task(Lane lane) : lane_(lane) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;
    virtual void run() = 0;

   private:
    friend class Offload;
    enum class State : std::uint8_t { idle, queued, running, done };
    const Lane lane_;
    State state_ = State::idle;
    bool is_late_ = false;   // its thread is not counted on any more
    bool is_stuck_ = false;  // it was waited for in vain
  };
  using TaskPtr = std::shared_ptr<Task>;

  Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;
  // Waits for threads that are free; one that hangs is left behind and ends with its call.
  ~Offload();

  // Queues a task unless it already is queued, running or done.
  void post(const TaskPtr& task);
  // Waits until none of the tasks is queued or running, until only hanging ones are left, or until
  // the deadline. Tasks that did not answer count as hanging from then on and are not waited for
  // again.
  void await(const std::vector<TaskPtr>& tasks, std::chrono::milliseconds deadline);
  // True when the task has answered since it was posted; it is idle then.
  bool take(Task& task);
  // True while the task hangs: it was waited for in vain and has not returned yet.
  bool is_stuck(const Task& task) const;

  std::size_t threads() const;

 private:
  struct Worker {
    std::thread thread;
    TaskPtr task;  // what it runs now
    bool has_ended = false;
  };
  struct Shared;  // kept alive by its threads

  static void work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& worker);
  void spawn_if_needed();  // with the lock held

  std::shared_ptr<Shared> shared_;
};

}  // namespace edgehaul::host
