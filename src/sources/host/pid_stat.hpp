// SPDX-License-Identifier: Apache-2.0
// /proc/PID/stat, status and io as values. Pure parsing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgehaul::host {

// The state letter (field 3) alone; 0 when the line is not one of stat.
char parse_pid_state(std::string_view line);

struct PidStat {
  std::string_view comm;
  char state = 0;
  std::uint32_t parent = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
  std::uint64_t wait_ticks = 0;  // block I/O; 0 unless kernel.task_delayacct=1
};
std::optional<PidStat> parse_pid_stat(std::string_view line);

struct PidStatus {
  std::optional<std::uint32_t> uid;      // real
  std::optional<std::uint64_t> pending;  // signals for the whole process, as a number of them
  std::optional<std::uint64_t> voluntary;
  std::optional<std::uint64_t> involuntary;
};
PidStatus parse_pid_status(std::string_view body);

struct PidIo {
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> write_bytes;
  std::optional<std::uint64_t> read_calls;
  std::optional<std::uint64_t> write_calls;
};
PidIo parse_pid_io(std::string_view body);

}  // namespace edgehaul::host
