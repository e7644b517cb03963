// SPDX-License-Identifier: Apache-2.0
// Where the host's files are. Passed to everything that reads them, so that a recorded machine is a
// folder and a container can look at its host. This file alone names /proc and /sys.
#pragma once

#include <string>
#include <string_view>

namespace edgehaul::base {

struct Roots {
  std::string root;                       // "" on a live host; else a prefix for /etc, /var, mounts
  std::string proc = "/proc";             // procfs
  std::string sys = "/sys";               // sysfs
  std::string cgroup = "/sys/fs/cgroup";  // cgroup tree

  // All roots below one folder, as recorded machines and `sample --root` have them.
  static Roots below(std::string_view folder) {
    std::string prefix(folder);
    while (!prefix.empty() && prefix.back() == '/')
      prefix.pop_back();
    return {prefix, prefix + "/proc", prefix + "/sys", prefix + "/sys/fs/cgroup"};
  }

  bool is_live() const { return root.empty(); }
  std::string at(std::string_view absolute) const { return root + std::string(absolute); }
  std::string in_proc(std::string_view path) const { return proc + "/" + std::string(path); }
  std::string in_sys(std::string_view path) const { return sys + "/" + std::string(path); }
};

}  // namespace edgehaul::base
