// SPDX-License-Identifier: Apache-2.0
// Tells which directories of cgroups got or lost others, without looking at each: every cgroup is
// made and removed through the file system, where inotify sees it. Collect thread.
#pragma once

#include <functional>
#include <string>

#include "base/fd.hpp"

namespace edgehaul::cgroup {

class Watches {
 public:
  static constexpr int kNone = -1;

  // kNone where the kernel refuses: too many watches, or no inotify at all.
  int add(const std::string& directory);
  // To be called for a directory that is gone, too: the kernel keeps it as long as it is watched.
  void remove(int watch);
  // Names each watch whose directory has changed since the last call, maybe more than once. False:
  // some changes were lost.
  bool take(const std::function<void(int)>& changed);

 private:
  base::Fd queue_;  // made with the first watch
};

}  // namespace edgehaul::cgroup
