// SPDX-License-Identifier: Apache-2.0
// What is kept between ticks of a cgroup that is reported: who it is, its open files, what they
// said last. Belongs to its node; collect thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "metric/resource.hpp"
#include "metric/workloads.hpp"
#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/files.hpp"
#include "sources/cgroup/usage.hpp"

namespace edgehaul::cgroup {

struct Member {
  std::string path;              // as valid UTF-8
  std::string_view unit;         // the end of path where that is a unit of systemd, else empty
  std::string_view runtime;      // empty: not known
  base::UnixNanos start = 0;     // of its counters
  metric::ResourcePtr resource;  // of a container
  metric::MetricSet claimed;     // metrics that the kubelet source emits
  std::uint64_t names_version = 0;

  std::array<base::Fd, kMaxFiles> files;
  std::array<std::uint8_t, kMaxFiles> heat{};  // of files that are not read in every tick
  std::uint32_t absent = 0;                    // bits of files that were not there
  Usage usage;
  bool was_read = false;
  bool has_files = false;
  std::uint32_t idle_ticks = 0;  // since it last used the CPU
  std::uint32_t io_read = 0;     // the tick in which block I/O was read last
  base::Steady all_read{};       // when everything was read last
  base::Steady limits_read{};    // and when the limits were
  base::Steady cpu_read{};
  std::uint64_t cpu_ns = 0;
  double cpu_usage = -1;  // CPUs since the tick before; negative: not known

  void close(Descriptors& descriptors) {
    for (base::Fd& file : files)
      descriptors.drop(file);
  }
};

}  // namespace edgehaul::cgroup
