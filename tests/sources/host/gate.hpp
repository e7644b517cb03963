// SPDX-License-Identifier: Apache-2.0
// A door at which calls of other threads wait until the test opens it: what a dead server does to
// statfs.
#pragma once

#include <condition_variable>
#include <mutex>

namespace edgehaul::test {

class Gate {
 public:
  // Blocks until open(); called by the thread that is to hang.
  void pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_open_; });
    --inside_;
    ++passed_;
    changed_.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void await_inside(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void await_passed(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return passed_ >= count; });
  }
  int inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
  int inside_ = 0;
  int passed_ = 0;
};

}  // namespace edgehaul::test
