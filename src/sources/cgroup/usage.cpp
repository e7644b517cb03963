// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/usage.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"

namespace edgehaul::cgroup {

namespace {

struct KeyField {
  std::string_view key;
  Field field;
  std::uint64_t factor = 1;
};

// The lines come in the order of the tables, so that the search begins where the last one ended.
void parse_lines(std::string_view body, std::span<const KeyField> table, std::string_view what,
                 Usage& usage, metric::Faults& faults) {
  for (const KeyField& entry : table)
    usage.clear(entry.field);
  std::size_t at = 0;
  while (const auto line = text::next_line(body)) {
    const std::size_t blank = line->find(' ');
    const std::string_view key = line->substr(0, blank);
    const KeyField* found = nullptr;
    for (std::size_t i = 0; i < table.size() && found == nullptr; ++i) {
      const std::size_t index = (at + i) % table.size();
      if (table[index].key != key) continue;
      found = &table[index];
      at = index + 1;
    }
    if (found == nullptr) continue;
    std::uint64_t value = 0;
    if (blank == std::string_view::npos || !text::parse_into(line->substr(blank + 1), value) ||
        value > UINT64_MAX / found->factor) {
      faults.malformed(what, *line);
      continue;
    }
    usage.set(found->field, value * found->factor);
  }
}

constexpr KeyField kCpuStat[] = {
    {"usage_usec", Field::cpu_ns, 1000},
    {"nr_periods", Field::cpu_periods},
    {"nr_throttled", Field::cpu_throttled_periods},
    {"throttled_usec", Field::cpu_throttled_ns, 1000},
};

constexpr KeyField kMemoryStat[] = {
    {"anon", Field::anon},
    {"file", Field::file},
    {"kernel_stack", Field::kernel_stack},
    {"pagetables", Field::pagetables},
    {"sock", Field::sock},
    {"shmem", Field::shmem},
    {"file_mapped", Field::file_mapped},
    {"file_dirty", Field::file_dirty},
    {"file_writeback", Field::file_writeback},
    {"inactive_anon", Field::inactive_anon},
    {"active_anon", Field::active_anon},
    {"inactive_file", Field::inactive_file},
    {"active_file", Field::active_file},
    {"unevictable", Field::unevictable},
    {"slab_reclaimable", Field::slab_reclaimable},
    {"slab_unreclaimable", Field::slab_unreclaimable},
    {"workingset_refault_anon", Field::refault_anon},
    {"workingset_refault_file", Field::refault_file},
    {"workingset_refault", Field::refault_file},  // before 5.9, files only
    {"pgfault", Field::pgfault},
    {"pgmajfault", Field::pgmajfault},
};

constexpr KeyField kMemoryEvents[] = {
    {"low", Field::event_low},           {"high", Field::event_high},
    {"max", Field::event_max},           {"oom", Field::event_oom},
    {"oom_kill", Field::event_oom_kill}, {"oom_group_kill", Field::event_oom_group_kill},
};

constexpr KeyField kPidsEvents[] = {{"max", Field::pids_limit_hits}};

constexpr KeyField kV1CpuStat[] = {
    {"nr_periods", Field::cpu_periods},
    {"nr_throttled", Field::cpu_throttled_periods},
    {"throttled_time", Field::cpu_throttled_ns},
};

// Only the keys with "total_" count what is below.
constexpr KeyField kV1MemoryStat[] = {
    {"total_cache", Field::file},
    {"total_rss", Field::anon},
    {"total_shmem", Field::shmem},
    {"total_mapped_file", Field::file_mapped},
    {"total_dirty", Field::file_dirty},
    {"total_writeback", Field::file_writeback},
    {"total_workingset_refault_anon", Field::refault_anon},
    {"total_workingset_refault_file", Field::refault_file},
    {"total_swap", Field::swap_usage},
    {"total_pgfault", Field::pgfault},
    {"total_pgmajfault", Field::pgmajfault},
    {"total_inactive_anon", Field::inactive_anon},
    {"total_active_anon", Field::active_anon},
    {"total_inactive_file", Field::inactive_file},
    {"total_active_file", Field::active_file},
    {"total_unevictable", Field::unevictable},
};

constexpr KeyField kV1OomControl[] = {{"oom_kill", Field::event_oom_kill}};

struct Table {
  std::string_view file;
  std::span<const KeyField> keys;
};
constexpr Table kTables[] = {
    // in the order of Keys
    {"cpu.stat", kCpuStat},
    {"memory.stat", kMemoryStat},
    {"memory.events", kMemoryEvents},
    {"pids.events", kPidsEvents},
    {"cpu.stat", kV1CpuStat},
    {"memory.stat", kV1MemoryStat},
    {"memory.oom_control", kV1OomControl},
};

// "MAJOR:MINOR"
bool parse_device(std::string_view field, std::uint32_t& major, std::uint32_t& minor) {
  const auto halves = text::split_once(field, ':');
  return halves && text::parse_into(halves->head, major) && text::parse_into(halves->tail, minor);
}

void parse_blkio(std::string_view body, std::uint64_t DeviceIo::*read,
                 std::uint64_t DeviceIo::*write, Usage& usage, metric::Faults& faults) {
  for (DeviceIo& device : usage.devices)
    device.*read = device.*write = 0;
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    const std::string_view name = text::next_field(rest);
    if (name == "Total" || name.empty()) continue;
    const std::string_view kind = text::next_field(rest);
    if (kind != "Read" && kind != "Write") continue;  // Sync, Async, Discard and Total overlap
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint64_t value = 0;
    if (!parse_device(name, major, minor) || !text::parse_into(text::next_field(rest), value)) {
      faults.malformed("blkio", *line);
      continue;
    }
    if (DeviceIo* device = usage.device(major, minor))
      device->*(kind == "Read" ? read : write) = value;
  }
}

}  // namespace

DeviceIo* Usage::device(std::uint32_t major, std::uint32_t minor) {
  for (DeviceIo& known : devices) {
    if (known.major == major && known.minor == minor) return &known;
  }
  if (devices.size() >= kMaxDevices) return nullptr;
  devices.push_back({major, minor});
  return &devices.back();
}

void parse_keys(std::string_view body, Keys keys, Usage& usage, metric::Faults& faults) {
  const Table& table = kTables[static_cast<std::size_t>(keys)];
  parse_lines(body, table.keys, table.file, usage, faults);
}
void parse_v1_blkio_bytes(std::string_view body, Usage& usage, metric::Faults& faults) {
  parse_blkio(body, &DeviceIo::read_bytes, &DeviceIo::written_bytes, usage, faults);
}
void parse_v1_blkio_operations(std::string_view body, Usage& usage, metric::Faults& faults) {
  parse_blkio(body, &DeviceIo::reads, &DeviceIo::writes, usage, faults);
}

// "max 100000"
void parse_cpu_max(std::string_view body, Usage& usage, metric::Faults& faults) {
  usage.clear(Field::cpu_quota_us);
  usage.clear(Field::cpu_period_us);
  const std::string_view line = text::next_line(body).value_or("");
  std::string_view rest = line;
  const std::string_view quota = text::next_field(rest);
  std::uint64_t quota_us = 0;
  std::uint64_t period_us = 0;
  if (quota == "max") return;
  if (!text::parse_into(quota, quota_us) || !text::parse_into(text::next_field(rest), period_us)) {
    if (!line.empty()) faults.malformed("cpu.max", line);
    return;
  }
  usage.set(Field::cpu_quota_us, quota_us);
  usage.set(Field::cpu_period_us, period_us);
}

// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0"; a device may have no keys or more.
void parse_io_stat(std::string_view body, Usage& usage, metric::Faults& faults) {
  struct Key {
    std::string_view name;
    std::uint64_t DeviceIo::*member;
  };
  constexpr Key kKeys[] = {{"rbytes", &DeviceIo::read_bytes},
                           {"wbytes", &DeviceIo::written_bytes},
                           {"rios", &DeviceIo::reads},
                           {"wios", &DeviceIo::writes}};
  usage.devices.clear();
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    if (!parse_device(text::next_field(rest), major, minor)) {
      if (!line->empty()) faults.malformed("io.stat", *line);
      continue;
    }
    DeviceIo* device = usage.device(major, minor);
    if (device == nullptr) continue;
    for (auto field = text::next_field(rest); !field.empty(); field = text::next_field(rest)) {
      const auto halves = text::split_once(field, '=');
      for (const Key& key : kKeys) {
        if (halves && halves->head == key.name &&
            !text::parse_into(halves->tail, device->*key.member))
          faults.malformed("io.stat", *line);
      }
    }
  }
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=123"
void parse_pressure(std::string_view body, Field some, Field full, Usage& usage,
                    metric::Faults& faults) {
  usage.clear(some);
  usage.clear(full);
  while (const auto line = text::next_line(body)) {
    const bool is_some = line->starts_with("some ");
    if (!is_some && !line->starts_with("full ")) continue;
    constexpr std::string_view kTotal = " total=";
    const std::size_t at = line->rfind(kTotal);
    std::uint64_t total = 0;
    if (at == std::string_view::npos ||
        !text::parse_into(text::trim(line->substr(at + kTotal.size())), total)) {
      faults.malformed("pressure", *line);
      continue;
    }
    usage.set(is_some ? some : full, total);
  }
}

void parse_one(std::string_view body, Field field, Usage& usage, metric::Faults& faults) {
  usage.clear(field);
  // v1 prints "none" as the largest number of pages in bytes.
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;
  const std::string_view line = text::trim(text::next_line(body).value_or(""));
  if (line.empty() || line == "max" || line == "-1") return;
  std::uint64_t value = 0;
  if (!text::parse_into(line, value)) {
    faults.malformed("cgroup", line);
  } else if (value < kNoLimit) {
    usage.set(field, value);
  }
}

}  // namespace edgehaul::cgroup
