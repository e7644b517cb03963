// SPDX-License-Identifier: Apache-2.0
// Which files of a cgroup are read, of which hierarchy, how often and for which metrics; one table
// for v2 and one for v1. Constant data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metric/batch.hpp"
#include "sources/cgroup/usage.hpp"

namespace edgehaul::cgroup {

// v1 has a tree for each; in v2 they are all one.
enum class Hierarchy : std::uint8_t { cpuacct, cpu, memory, blkio, pids };
inline constexpr std::size_t kHierarchies = 5;

enum class Version : std::uint8_t { v1, v2 };

// When a file is read. "Running" is a cgroup that has used the CPU since; the others are read now
// and then.
enum class Pace : std::uint8_t {
  every_tick,      // running
  running,         // the same, and nothing but what runs there changes it
  memory_changed,  // the memory in use is not what it was
  io_changed,      // something near it did block I/O
  cpu_limited,     // running with a CPU limit, or throttled before
  limit,           // set by people and runtimes: now and then only
  limit_of_cpu,    // the same, where there is a CPU limit
};

struct File {
  const char* name;
  Hierarchy hierarchy;
  Pace pace;
  Parse parse;
  std::span<const metric::Id> metrics;  // that need it
  const char* older_name = nullptr;     // tried where there is no file of that name
};

inline constexpr std::size_t kMaxFiles = 20;
inline constexpr std::size_t kIoFiles = 2;  // of Pace::io_changed
std::span<const File> files_of(Version version);

// Indices into files_of() of the files that the wanted metrics need; the CPU time comes first.
std::vector<std::uint8_t> wanted_files(Version version, const metric::Batch& batch);

// CPU time, memory and threads: all that is read of the remainder.
std::span<const std::uint8_t> rest_files(Version version);

}  // namespace edgehaul::cgroup
