// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/files.hpp"

#include <algorithm>

namespace edgehaul::cgroup {

namespace {

using metric::id;

constexpr metric::Id kCpuTime[] = {id("container.cpu.time"), id("container.cpu.usage"),
                                   id("linux.cgroup.cpu.time"), id("linux.cgroup.cpu.usage")};
constexpr metric::Id kThrottling[] = {id("linux.cgroup.cpu.cfs.periods"),
                                      id("linux.cgroup.cpu.cfs.throttled_periods"),
                                      id("linux.cgroup.cpu.cfs.throttled_time")};
constexpr metric::Id kMemoryUsage[] = {
    id("container.memory.usage"),        id("container.memory.working_set"),
    id("container.memory.available"),    id("linux.cgroup.memory.usage"),
    id("linux.cgroup.memory.available"), id("linux.cgroup.memory.working_set")};
constexpr metric::Id kMemoryStat[] = {id("container.memory.working_set"),
                                      id("container.memory.available"),
                                      id("container.memory.rss"),
                                      id("container.paging.faults"),
                                      id("linux.cgroup.memory.working_set"),
                                      id("linux.cgroup.memory.available"),
                                      id("linux.cgroup.memory.rss"),
                                      id("linux.cgroup.paging.faults"),
                                      id("linux.cgroup.memory.file"),
                                      id("linux.cgroup.memory.stat"),
                                      id("linux.cgroup.memory.refaults")};
constexpr metric::Id kV1MemoryStat[] = {id("container.memory.working_set"),
                                        id("container.memory.available"),
                                        id("container.memory.rss"),
                                        id("container.paging.faults"),
                                        id("linux.cgroup.memory.working_set"),
                                        id("linux.cgroup.memory.available"),
                                        id("linux.cgroup.memory.rss"),
                                        id("linux.cgroup.paging.faults"),
                                        id("linux.cgroup.memory.file"),
                                        id("linux.cgroup.memory.stat"),
                                        id("linux.cgroup.memory.refaults"),
                                        id("linux.cgroup.memory.swap.usage")};
constexpr metric::Id kEvents[] = {id("linux.cgroup.memory.oom_kills"),
                                  id("linux.cgroup.memory.events")};
constexpr metric::Id kAllEvents[] = {id("linux.cgroup.memory.events")};
constexpr metric::Id kSwap[] = {id("linux.cgroup.memory.swap.usage")};
constexpr metric::Id kSwapLimit[] = {id("linux.cgroup.memory.swap.limit")};
constexpr metric::Id kPeak[] = {id("linux.cgroup.memory.peak")};
constexpr metric::Id kDiskBytes[] = {id("container.disk.io"), id("linux.cgroup.disk.io")};
constexpr metric::Id kDiskOperations[] = {id("linux.cgroup.disk.operations")};
constexpr metric::Id kDisk[] = {id("container.disk.io"), id("linux.cgroup.disk.io"),
                                id("linux.cgroup.disk.operations")};
constexpr metric::Id kPids[] = {id("linux.cgroup.pid.count")};
constexpr metric::Id kPidsHits[] = {id("linux.cgroup.pid.limit_hits")};
constexpr metric::Id kPidsLimit[] = {id("linux.cgroup.pid.limit")};
constexpr metric::Id kCpuLimit[] = {
    id("linux.cgroup.cpu.limit"), id("linux.cgroup.cpu.cfs.periods"),
    id("linux.cgroup.cpu.cfs.throttled_periods"), id("linux.cgroup.cpu.cfs.throttled_time")};
constexpr metric::Id kCpuWeight[] = {id("linux.cgroup.cpu.weight")};
constexpr metric::Id kMemoryLimit[] = {id("linux.cgroup.memory.limit"),
                                       id("container.memory.available"),
                                       id("linux.cgroup.memory.available")};
constexpr metric::Id kCpuStalls[] = {id("linux.cgroup.cpu.pressure.time")};
constexpr metric::Id kMemoryStalls[] = {id("linux.cgroup.memory.pressure.time")};
constexpr metric::Id kIoStalls[] = {id("linux.cgroup.io.pressure.time")};
constexpr metric::Id kIrqStalls[] = {id("linux.cgroup.irq.pressure.time")};
constexpr metric::Id kCpuStat[] = {id("container.cpu.time"),
                                   id("container.cpu.usage"),
                                   id("linux.cgroup.cpu.time"),
                                   id("linux.cgroup.cpu.usage"),
                                   id("linux.cgroup.cpu.cfs.periods"),
                                   id("linux.cgroup.cpu.cfs.throttled_periods"),
                                   id("linux.cgroup.cpu.cfs.throttled_time")};

constexpr auto kMemory = Hierarchy::memory;
constexpr auto kBlkio = Hierarchy::blkio;
constexpr auto kLimit = Pace::limit;
constexpr auto kEveryTick = Pace::every_tick;

constexpr File kV2[] = {
    {"cpu.stat", Hierarchy::cpuacct, kEveryTick, parse_keyed<Keys::cpu_stat>, kCpuStat},
    {"memory.current", kMemory, kEveryTick, parse_number<Field::memory_usage>, kMemoryUsage},
    {"memory.stat", kMemory, Pace::memory_changed, parse_keyed<Keys::memory_stat>, kMemoryStat},
    {"io.stat", kBlkio, Pace::io_changed, parse_io_stat, kDisk},
    {"memory.events", kMemory, Pace::memory_changed, parse_keyed<Keys::memory_events>, kEvents},
    {"pids.current", Hierarchy::pids, Pace::running, parse_number<Field::pids>, kPids},
    {"memory.swap.current", kMemory, kEveryTick, parse_number<Field::swap_usage>, kSwap},
    {"memory.peak", kMemory, kEveryTick, parse_number<Field::memory_peak>, kPeak},
    {"pids.events", Hierarchy::pids, kEveryTick, parse_keyed<Keys::pids_events>, kPidsHits},
    {"cpu.pressure", Hierarchy::cpu, kEveryTick,
     parse_stalls<Field::cpu_some_us, Field::cpu_full_us>, kCpuStalls},
    {"memory.pressure", kMemory, kEveryTick,
     parse_stalls<Field::memory_some_us, Field::memory_full_us>, kMemoryStalls},
    {"io.pressure", kBlkio, kEveryTick, parse_stalls<Field::io_some_us, Field::io_full_us>,
     kIoStalls},
    // Interrupts have no "some" line.
    {"irq.pressure", Hierarchy::cpu, kEveryTick,
     parse_stalls<Field::irq_full_us, Field::irq_full_us>, kIrqStalls},
    {"cpu.max", Hierarchy::cpu, kLimit, parse_cpu_max, kCpuLimit},
    {"memory.max", kMemory, kLimit, parse_number<Field::memory_limit>, kMemoryLimit},
    {"pids.max", Hierarchy::pids, kLimit, parse_number<Field::pids_limit>, kPidsLimit},
    {"memory.swap.max", kMemory, kLimit, parse_number<Field::swap_limit>, kSwapLimit},
    {"cpu.weight", Hierarchy::cpu, kLimit, parse_number<Field::cpu_weight>, kCpuWeight},
};

constexpr File kV1[] = {
    {"cpuacct.usage", Hierarchy::cpuacct, kEveryTick, parse_number<Field::cpu_ns>, kCpuTime},
    {"cpu.cfs_quota_us", Hierarchy::cpu, kLimit, parse_number<Field::cpu_quota_us>, kCpuLimit},
    {"cpu.cfs_period_us", Hierarchy::cpu, Pace::limit_of_cpu, parse_number<Field::cpu_period_us>,
     kCpuLimit},
    {"cpu.stat", Hierarchy::cpu, Pace::cpu_limited, parse_keyed<Keys::v1_cpu_stat>, kThrottling},
    {"memory.usage_in_bytes", kMemory, kEveryTick, parse_number<Field::memory_usage>, kMemoryUsage},
    {"memory.stat", kMemory, Pace::memory_changed, parse_keyed<Keys::v1_memory_stat>,
     kV1MemoryStat},
    {"memory.oom_control", kMemory, Pace::memory_changed, parse_keyed<Keys::v1_oom_control>,
     kEvents},
    {"memory.failcnt", kMemory, kEveryTick, parse_number<Field::event_max>, kAllEvents},
    // Buffered writes are not in these: v1 does not know whose they are.
    {"blkio.throttle.io_service_bytes_recursive", kBlkio, Pace::io_changed, parse_v1_blkio_bytes,
     kDiskBytes, "blkio.throttle.io_service_bytes"},
    {"blkio.throttle.io_serviced_recursive", kBlkio, Pace::io_changed, parse_v1_blkio_operations,
     kDiskOperations, "blkio.throttle.io_serviced"},
    {"pids.current", Hierarchy::pids, Pace::running, parse_number<Field::pids>, kPids},
    {"memory.max_usage_in_bytes", kMemory, kEveryTick, parse_number<Field::memory_peak>, kPeak},
    {"pids.events", Hierarchy::pids, kEveryTick, parse_keyed<Keys::pids_events>, kPidsHits},
    {"memory.limit_in_bytes", kMemory, kLimit, parse_number<Field::memory_limit>, kMemoryLimit},
    {"pids.max", Hierarchy::pids, kLimit, parse_number<Field::pids_limit>, kPidsLimit},
    {"cpu.shares", Hierarchy::cpu, kLimit, parse_number<Field::cpu_weight>, kCpuWeight},
};
static_assert(std::size(kV1) <= kMaxFiles && std::size(kV2) <= kMaxFiles);

}  // namespace

std::span<const File> files_of(Version version) {
  return version == Version::v2 ? std::span<const File>(kV2) : std::span<const File>(kV1);
}

std::span<const std::uint8_t> rest_files(Version version) {
  static constexpr std::uint8_t kOfV2[] = {0, 1, 5};
  static constexpr std::uint8_t kOfV1[] = {0, 4, 10};
  return version == Version::v2 ? std::span<const std::uint8_t>(kOfV2) : kOfV1;
}

std::vector<std::uint8_t> wanted_files(Version version, const metric::Batch& batch) {
  std::vector<std::uint8_t> out;
  const auto files = files_of(version);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool is_wanted =
        i == 0 || std::any_of(files[i].metrics.begin(), files[i].metrics.end(),
                              [&](metric::Id metric) { return batch.wants(metric); });
    if (is_wanted) out.push_back(static_cast<std::uint8_t>(i));
  }
  return out;
}

}  // namespace edgehaul::cgroup
