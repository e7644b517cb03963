// SPDX-License-Identifier: Apache-2.0
#include "sources/host/proc_stat.hpp"

#include <unistd.h>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

struct Counter {
  std::string_view key;
  std::optional<std::uint64_t> ProcStat::*member;
};
constexpr Counter kCounters[] = {
    {"intr", &ProcStat::interrupts},       {"ctxt", &ProcStat::context_switches},
    {"btime", &ProcStat::boot_time},       {"processes", &ProcStat::forks},
    {"procs_running", &ProcStat::running}, {"procs_blocked", &ProcStat::blocked},
};

// "cpu12 1 2 3 …" without its first three letters.
bool parse_cpu(std::string_view line, CpuLine& out) {
  if (!text::parse_into(text::next_field(line), out.number) || out.number >= kMaxCpus) return false;
  for (std::uint64_t& ticks : out.ticks) {
    if (!text::parse_into(text::next_field(line), ticks)) return false;
  }
  return true;
}

void parse_counter(std::string_view line, ProcStat& out) {
  std::string_view rest = line;
  const std::string_view key = text::next_field(rest);
  for (const Counter& counter : kCounters) {
    if (counter.key != key) continue;
    std::uint64_t value = 0;
    if (text::parse_into(text::next_field(rest), value)) {
      out.*counter.member = value;
    } else {
      out.counter_faults.malformed("stat", line);
    }
    return;
  }
}

}  // namespace

void parse_stat(std::string_view body, ProcStat& out) {
  out.cpus.clear();
  out.cpu_faults.clear();
  out.counter_faults.clear();
  for (const Counter& counter : kCounters)
    (out.*counter.member).reset();
  while (const auto line = text::next_line(body)) {
    if (!line->starts_with("cpu")) {
      parse_counter(*line, out);
      continue;
    }
    if (line->starts_with("cpu ")) continue;  // the sum over all CPUs, offline ones included
    CpuLine cpu;
    // The kernel lists CPUs in ascending order; a repeated number would be a duplicate stream.
    if (parse_cpu(line->substr(3), cpu) &&
        (out.cpus.empty() || out.cpus.back().number < cpu.number)) {
      out.cpus.push_back(cpu);
    } else {
      out.cpu_faults.malformed("stat", *line);
    }
  }
}

std::uint64_t ticks_per_second() {
  static const long hz = ::sysconf(_SC_CLK_TCK);
  return hz > 0 ? static_cast<std::uint64_t>(hz) : 100;
}

}  // namespace edgehaul::host
