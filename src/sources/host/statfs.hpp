// SPDX-License-Identifier: Apache-2.0
// How full a mounted file system is: statfs(2), or what was recorded of a machine. A function
// value, so that tests decide what a mount answers and when. Called on Offload's threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/roots.hpp"

namespace edgehaul::host {

struct FsUsage {
  std::uint64_t unit = 0;  // bytes per block
  std::uint64_t blocks = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;  // to ordinary users
  std::uint64_t files = 0;
  std::uint64_t files_free = 0;
};

// Fills `out` for a mount point as mountinfo names it; 0 or an errno.
using Statfs = std::function<int(const std::string& mountpoint, FsUsage& out)>;

// statfs(2) below the root. Where the root is a recorded machine with a file "recorded/statfs", its
// lines answer instead: mount point, block size, blocks, free, available, files, free files.
Statfs make_statfs(const base::Roots& roots);

}  // namespace edgehaul::host
