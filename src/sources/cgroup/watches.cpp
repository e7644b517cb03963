// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/watches.hpp"

#include <sys/inotify.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace edgehaul::cgroup {

namespace {

constexpr int kRounds = 256;

}  // namespace

int Watches::add(const std::string& directory) {
  if (!queue_) queue_ = base::Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!queue_) return kNone;
  return ::inotify_add_watch(queue_.get(), directory.c_str(),
                             IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR | IN_DONT_FOLLOW);
}

void Watches::remove(int watch) {
  ::inotify_rm_watch(queue_.get(), watch);
}

// The kernel's queue holds no more than a few rounds; what comes meanwhile waits.
bool Watches::take(const std::function<void(int)>& changed) {
  if (!queue_) return true;
  bool is_whole = true;
  alignas(inotify_event) char buffer[8192];
  for (int round = 0; round < kRounds; ++round) {
    const ssize_t got = ::read(queue_.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return is_whole;
    const auto filled = static_cast<std::size_t>(got);
    for (std::size_t at = 0; at + sizeof(inotify_event) <= filled;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) is_whole = false;
      if ((event.mask & (IN_CREATE | IN_DELETE | IN_MOVE)) != 0) changed(event.wd);
    }
  }
  return is_whole;
}

}  // namespace edgehaul::cgroup
