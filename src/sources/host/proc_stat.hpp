// SPDX-License-Identifier: Apache-2.0
// /proc/stat as values: read by cpu, load, processes and kernel. Pure parsing into reused memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sources/host/faults.hpp"

namespace edgehaul::host {

// Columns of a cpuN line. guest and guest_nice follow, but are part of user and nice already.
namespace column {
enum : std::size_t { user, nice, system, idle, iowait, irq, softirq, steal };
}
inline constexpr std::size_t kCpuColumns = 8;
using CpuTicks = std::array<std::uint64_t, kCpuColumns>;

struct CpuLine {
  std::uint32_t number = 0;
  CpuTicks ticks{};
};

// The kernel's largest CONFIG_NR_CPUS.
inline constexpr std::uint32_t kMaxCpus = 8192;

struct ProcStat {
  std::vector<CpuLine> cpus;  // online CPUs, ascending
  std::optional<std::uint64_t> interrupts;
  std::optional<std::uint64_t> context_switches;
  std::optional<std::uint64_t> boot_time;  // s since the epoch
  std::optional<std::uint64_t> forks;
  std::optional<std::uint64_t> running;  // threads
  std::optional<std::uint64_t> blocked;  // threads
  Faults cpu_faults;
  Faults counter_faults;
};

void parse_stat(std::string_view body, ProcStat& out);

// USER_HZ: the unit of "ticks" in /proc.
std::uint64_t ticks_per_second();

}  // namespace edgehaul::host
