// SPDX-License-Identifier: Apache-2.0
// What is kept between ticks of a cgroup whose block I/O speaks for all below it. Belongs to its
// node; collect thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/fd.hpp"
#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/files.hpp"

namespace edgehaul::cgroup {

struct IoLook {
  std::uint32_t asked = 0;    // ticks: when it was asked for last,
  std::uint32_t looked = 0;   // when its files were read last,
  std::uint32_t changed = 0;  // and when they were not what they were before
  std::uint64_t text = 0;     // what they said, hashed
  std::array<base::Fd, kIoFiles> files;

  void close(Descriptors& descriptors) {
    for (base::Fd& file : files)
      descriptors.drop(file);
  }
};

}  // namespace edgehaul::cgroup
