// SPDX-License-Identifier: Apache-2.0
#include "sources/host/process.hpp"

#include <algorithm>

#include <linux/limits.h>
#include <unistd.h>

#include "base/text.hpp"
#include "sources/host/process_points.hpp"
#include "sources/host/system.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kCpuTime = metric::id("process.cpu.time");
constexpr metric::Id kCpuUtilization = metric::id("process.cpu.utilization");
constexpr metric::Id kMemory = metric::id("process.memory.usage");
constexpr metric::Id kVirtual = metric::id("process.memory.virtual");
constexpr metric::Id kMemoryUtilization = metric::id("process.memory.utilization");
constexpr metric::Id kDiskIo = metric::id("process.disk.io");
constexpr metric::Id kDiskOperations = metric::id("process.disk.operations");
constexpr metric::Id kFaults = metric::id("process.paging.faults");
constexpr metric::Id kSwitches = metric::id("process.context_switches");
constexpr metric::Id kDescriptors = metric::id("process.open_file_descriptors");
constexpr metric::Id kThreads = metric::id("process.threads");
constexpr metric::Id kSignals = metric::id("process.signals_pending");
constexpr metric::Id kUptime = metric::id("process.uptime");

constexpr std::string_view kCpuStates[] = {"user", "system", "wait"};

double seconds(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(ticks_per_second());
}

bool matches_any(const std::vector<std::string>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const auto& glob) { return text::glob_match(glob, name); });
}

}  // namespace

base::UnixNanos process_start(base::UnixNanos boot, std::uint64_t start_ticks,
                              base::UnixNanos latest) {
  constexpr std::uint64_t kNanos = 1'000'000'000;
  constexpr std::uint64_t kFarSeconds = 3'000'000'000;  // about a century
  const std::uint64_t hz = ticks_per_second();
  if (start_ticks / hz > kFarSeconds) return latest;
  const std::uint64_t since = start_ticks / hz * kNanos + start_ticks % hz * kNanos / hz;
  return std::min(boot + static_cast<base::UnixNanos>(since), latest);
}

Process::Process(const base::Roots& roots, const ProcessOptions& options, const base::Clock& clock,
                 std::shared_ptr<KernelFiles> files)
    : options_(options),
      clock_(clock),
      files_(std::move(files)),
      pids_(roots.proc),
      users_(roots),
      uptime_(roots.in_proc("uptime")) {}

bool Process::is_chosen(const std::string& name) const {
  return matches_any(options_.include, name) && !matches_any(options_.exclude, name);
}

Process::Round Process::begin_round(metric::Batch& batch, Faults& faults) {
  Round out;
  ++round_;
  io_refused_ = 0;
  users_.refresh();
  const base::Steady now = clock_.steady();
  if (batch.wants(kCpuUtilization)) {
    const auto stat = files_->stat.at(batch.time());
    if (stat && round_ > 1)
      out.cpu_seconds = std::chrono::duration<double>(now - last_time_).count() *
                        static_cast<double>((*stat)->cpus.size());
  }
  last_time_ = now;
  if (batch.wants(kMemoryUtilization)) {
    const auto meminfo = files_->meminfo.at(batch.time());
    if (meminfo) out.memory_total = static_cast<double>((*meminfo)->total.value_or(0));
  }
  if (batch.wants(kUptime)) {
    const auto uptime = uptime_.read().and_then(parse_uptime);
    out.uptime = uptime.value_or(0);
    if (!uptime) faults.add(uptime.error());
  }
  return out;
}

// A PID is the same process as long as its start is the same. Its identity is read again when its
// name changes, and once more at the second sight: the first may have been between fork and exec.
Process::Entry& Process::recognise(std::uint32_t pid, const PidStat& stat) {
  Entry& entry = entries_[pid];
  if (entry.sightings == 0 || entry.start_ticks != stat.start_ticks) {
    entry = Entry();
    entry.start_ticks = stat.start_ticks;
  }
  if (entry.sightings < 2 || entry.comm != stat.comm) {
    entry.comm = stat.comm;
    entry.chosen = is_chosen(read_executable_name(pids_, pid, stat.comm));
    entry.identity =
        entry.chosen ? read_identity(pids_, pid, stat.comm, users_, options_) : ProcessIdentity();
  }
  entry.sightings = std::min(entry.sightings + 1, 2U);
  entry.seen = round_;
  return entry;
}

void Process::add_io(ProcessPoints& points, std::uint32_t pid) {
  if (!points.wants(kDiskIo) && !points.wants(kDiskOperations)) return;
  char buffer[512];
  const auto body = pids_.read(pid, "io", buffer);
  if (!body) {
    io_refused_ += body.error().code == Errc::refused ? 1U : 0U;
    return;
  }
  const PidIo io = parse_pid_io(*body);
  points.add_known(kDiskIo, io.read_bytes, {"direction", "read"});
  points.add_known(kDiskIo, io.write_bytes, {"direction", "write"});
  points.add_known(kDiskOperations, io.read_calls, {"direction", "read"});
  points.add_known(kDiskOperations, io.write_calls, {"direction", "write"});
}

void Process::add_status(ProcessPoints& points, std::uint32_t pid) {
  if (points.wants(kDescriptors)) {
    if (const auto count = pids_.count_entries(pid, "fd")) points.add(kDescriptors, *count);
  }
  if (!points.wants(kSwitches) && !points.wants(kSignals)) return;
  char buffer[PATH_MAX];
  const auto body = pids_.read(pid, "status", buffer);
  if (!body) return;
  const PidStatus status = parse_pid_status(*body);
  if (status.pending) points.add(kSignals, *status.pending);
  points.add_known(kSwitches, status.involuntary, {"type", "involuntary"});
  points.add_known(kSwitches, status.voluntary, {"type", "voluntary"});
}

void Process::add_process(metric::Batch& batch, const Round& round, std::uint32_t pid,
                          const PidStat& stat, Entry& entry) {
  const auto resource = batch.add_resource(process_attributes(pid, stat.parent, entry.identity));
  ProcessPoints points(batch, resource,
                       process_start(batch.boot(), stat.start_ticks, batch.time()));
  const Ticks ticks = {stat.user_ticks, stat.system_ticks, stat.wait_ticks};
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    points.add(kCpuTime, seconds(ticks[i]), {"state", kCpuStates[i]});
    if (round.cpu_seconds > 0 && entry.measured && ticks[i] >= entry.ticks[i])
      points.add(kCpuUtilization, seconds(ticks[i] - entry.ticks[i]) / round.cpu_seconds,
                 {"state", kCpuStates[i]});
  }
  entry.ticks = ticks;
  entry.measured = true;

  static const auto page = static_cast<std::uint64_t>(::getpagesize());
  const std::uint64_t resident = std::min(stat.resident_pages, UINT64_MAX / page) * page;
  points.add(kMemory, resident);
  points.add(kVirtual, stat.virtual_bytes);
  if (round.memory_total > 0)
    points.add(kMemoryUtilization, static_cast<double>(resident) / round.memory_total);
  points.add(kFaults, stat.major_faults, {"type", "major"});
  points.add(kFaults, stat.minor_faults, {"type", "minor"});
  points.add(kThreads, stat.threads);
  if (round.uptime > 0)
    points.add(kUptime, std::max(round.uptime - seconds(stat.start_ticks), 0.0));
  add_io(points, pid);
  add_status(points, pid);
}

void Process::report(std::size_t left_out, std::size_t unreadable, Faults& faults) const {
  if (left_out > 0)
    faults.add({Errc::too_large, fmt::format("{} processes left out: only {} are reported",
                                             left_out, options_.max_processes)});
  if (unreadable > 0)
    faults.add({Errc::malformed, fmt::format("stat of {} processes is not readable", unreadable)});
  if (io_refused_ > 0)
    faults.add({Errc::refused, fmt::format("io of {} processes: permission denied", io_refused_)});
}

Result<void> Process::read(metric::Batch& batch) {
  auto pids = pids_.list();
  if (!pids) return pass(std::move(pids.error()));
  Faults faults;
  const Round round = begin_round(batch, faults);
  std::size_t taken = 0;
  std::size_t left_out = pids_.total() - pids->size();
  std::size_t unreadable = 0;
  char buffer[1024];
  for (const std::uint32_t pid : *pids) {
    const auto line = pids_.read(pid, "stat", buffer);
    if (!line && line.error().code == Errc::absent) continue;  // ended meanwhile
    const auto stat = line ? parse_pid_stat(*line) : std::nullopt;
    if (!stat) {
      ++unreadable;
      continue;
    }
    Entry& entry = recognise(pid, *stat);
    if (!entry.chosen) continue;
    if (taken == options_.max_processes) {
      ++left_out;
      continue;
    }
    ++taken;
    add_process(batch, round, pid, *stat, entry);
  }
  std::erase_if(entries_, [&](const auto& item) { return item.second.seen != round_; });
  report(left_out, unreadable, faults);
  return faults.result();
}

}  // namespace edgehaul::host
