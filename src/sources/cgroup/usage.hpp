// SPDX-License-Identifier: Apache-2.0
// What the files of one cgroup say, as one flat array: v1 and v2 fill the same fields. Plain data
// and pure parsers; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "metric/faults.hpp"

namespace edgehaul::cgroup {

enum class Field : std::uint8_t {
  cpu_ns,
  cpu_periods,
  cpu_throttled_periods,
  cpu_throttled_ns,
  cpu_quota_us,  // absent: no limit
  cpu_period_us,
  cpu_weight,  // v1: cpu.shares
  memory_usage,
  memory_limit,  // absent: none
  memory_peak,
  swap_usage,
  swap_limit,  // absent: none
  anon,
  file,
  inactive_file,
  active_file,
  inactive_anon,
  active_anon,
  unevictable,
  shmem,
  file_mapped,
  file_dirty,
  file_writeback,
  slab_reclaimable,
  slab_unreclaimable,
  kernel_stack,
  pagetables,
  sock,
  pgfault,
  pgmajfault,
  refault_anon,
  refault_file,
  event_low,
  event_high,
  event_max,
  event_oom,
  event_oom_kill,
  event_oom_group_kill,
  pids,
  pids_limit,  // absent: none
  pids_limit_hits,
  cpu_some_us,
  cpu_full_us,
  memory_some_us,
  memory_full_us,
  io_some_us,
  io_full_us,
  irq_full_us,
};
inline constexpr std::size_t kFields = static_cast<std::size_t>(Field::irq_full_us) + 1;

struct DeviceIo {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
};

class Usage {
 public:
  // A cgroup with more devices is cut; each is a set of series.
  static constexpr std::size_t kMaxDevices = 256;

  Usage() { values_.fill(kAbsent); }
  std::optional<std::uint64_t> get(Field field) const {
    const std::uint64_t value = values_[static_cast<std::size_t>(field)];
    return value == kAbsent ? std::nullopt : std::optional(value);
  }
  void set(Field field, std::uint64_t value) { values_[static_cast<std::size_t>(field)] = value; }
  void clear(Field field) { set(field, kAbsent); }

  std::vector<DeviceIo> devices;
  // The device's entry, made when it is new; null past the bound.
  DeviceIo* device(std::uint32_t major, std::uint32_t minor);

 private:
  static constexpr std::uint64_t kAbsent = UINT64_MAX;
  std::array<std::uint64_t, kFields> values_{};
};

// Parsers of single files: each sets the fields that the file has and clears those that it ought to
// have and has not, so that half a file leaves no old value behind.
using Parse = void (*)(std::string_view body, Usage& usage, metric::Faults& faults);

// "key value" lines. Keys that edgehaul does not know are skipped, for kernels add some.
enum class Keys : std::uint8_t {
  cpu_stat,
  memory_stat,
  memory_events,
  pids_events,
  v1_cpu_stat,
  v1_memory_stat,
  v1_oom_control,
};
void parse_keys(std::string_view body, Keys keys, Usage& usage, metric::Faults& faults);
template <Keys keys>
void parse_keyed(std::string_view body, Usage& usage, metric::Faults& faults) {
  parse_keys(body, keys, usage, faults);
}

// Unified hierarchy (cgroup v2).
void parse_cpu_max(std::string_view body, Usage& usage, metric::Faults& faults);
void parse_io_stat(std::string_view body, Usage& usage, metric::Faults& faults);
void parse_pressure(std::string_view body, Field some, Field full, Usage& usage,
                    metric::Faults& faults);

// Hierarchies of their own (cgroup v1).
void parse_v1_blkio_bytes(std::string_view body, Usage& usage, metric::Faults& faults);
void parse_v1_blkio_operations(std::string_view body, Usage& usage, metric::Faults& faults);

// A file of one number; "max" (v2), -1 and sizes near 2^63 (v1) mean no limit and clear the field.
void parse_one(std::string_view body, Field field, Usage& usage, metric::Faults& faults);
template <Field field>
void parse_number(std::string_view body, Usage& usage, metric::Faults& faults) {
  parse_one(body, field, usage, faults);
}
template <Field some, Field full>
void parse_stalls(std::string_view body, Usage& usage, metric::Faults& faults) {
  parse_pressure(body, some, full, usage, faults);
}

}  // namespace edgehaul::cgroup
