// SPDX-License-Identifier: Apache-2.0
// What can be set for cgroups. Plain data with its defaults; filled by config/, read when the
// source is made.
#pragma once

#include <cstdint>

#include "base/globs.hpp"

namespace edgehaul::cgroup {

struct Options {
  bool enabled = true;
  // Kinds of cgroups that are reported.
  bool containers = true;
  bool units = true;   // systemd services and scopes
  bool slices = true;  // systemd slices, kubepods and its classes
  bool pods = false;   // the pod level, which the containers' sum nearly equals
  bool others = false;
  // Over the path below the cgroup root, "/system.slice/ssh.service"; '*' also matches '/'.
  base::Globs include = {"*"};
  base::Globs exclude = {"*.mount", "*.swap", "*.socket", "*/session-*.scope"};
  base::Globs exclude_devices = {"loop*", "ram*", "zram*"};
  // More than this are summed up as "other".
  std::uint64_t max_cgroups = 1000;
  // Kept open between ticks, some 5 KiB of kernel memory each; what is over is opened every time.
  std::uint64_t max_descriptors = 8192;
};

}  // namespace edgehaul::cgroup
