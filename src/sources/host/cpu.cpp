// SPDX-License-Identifier: Apache-2.0
#include "sources/host/cpu.hpp"

#include <algorithm>

namespace edgehaul::host {

namespace {

constexpr metric::Id kTime = metric::id("system.cpu.time");
constexpr metric::Id kUtilization = metric::id("system.cpu.utilization");
constexpr metric::Id kLogical = metric::id("system.cpu.logical.count");

constexpr std::string_view kStates[kCpuColumns] = {"user", "nice",      "system",  "idle",
                                                   "wait", "interrupt", "softirq", "steal"};

}  // namespace

void hold_back(const CpuMemory& memory, CpuTicks& now) {
  constexpr std::uint64_t kJitterSeconds = 3;
  if (!memory.known) return;
  if (now[column::idle] + kJitterSeconds * ticks_per_second() < memory.ticks[column::idle]) return;
  for (const std::size_t i : {column::idle, column::iowait, column::steal})
    now[i] = std::max(now[i], memory.ticks[i]);
}

bool cpu_shares(const CpuTicks& before, const CpuTicks& now,
                std::array<double, kCpuColumns>& shares) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kCpuColumns; ++i) {
    if (now[i] < before[i]) return false;
    total += now[i] - before[i];
  }
  if (total == 0) return false;
  for (std::size_t i = 0; i < kCpuColumns; ++i)
    shares[i] = static_cast<double>(now[i] - before[i]) / static_cast<double>(total);
  return true;
}

Cpu::Cpu(const base::Roots& roots, const CpuOptions&, std::shared_ptr<KernelFiles> files)
    : files_(std::move(files)), info_(roots) {}

void Cpu::add_cpu(metric::Batch& batch, const CpuLine& line) {
  if (line.number >= memory_.size()) memory_.resize(line.number + 1);
  CpuMemory& memory = memory_[line.number];
  if (memory.name.empty()) memory.name = fmt::format("cpu{}", line.number);

  CpuTicks now = line.ticks;
  hold_back(memory, now);
  const auto hz = static_cast<double>(ticks_per_second());
  for (std::size_t i = 0; i < kCpuColumns; ++i) {
    batch.add(kTime, static_cast<double>(now[i]) / hz,
              {{"cpu", memory.name}, {"state", kStates[i]}});
  }
  std::array<double, kCpuColumns> shares;
  if (batch.wants(kUtilization) && memory.known && cpu_shares(memory.ticks, now, shares)) {
    for (std::size_t i = 0; i < kCpuColumns; ++i)
      batch.add(kUtilization, shares[i], {{"cpu", memory.name}, {"state", kStates[i]}});
  }
  memory.ticks = now;
  memory.known = true;
}

Result<void> Cpu::read(metric::Batch& batch) {
  auto stat = files_->stat.at(batch.time());
  if (!stat) return pass(std::move(stat.error()));
  const ProcStat& values = **stat;
  for (const CpuLine& line : values.cpus)
    add_cpu(batch, line);

  Faults faults;
  faults.add(values.cpu_faults);
  if (values.cpus.empty()) {
    faults.add({Errc::malformed, "stat: no line for any CPU"});
  } else {
    batch.add(kLogical, static_cast<std::uint64_t>(values.cpus.size()));
    info_.add_points(batch, values.cpus, faults);
  }
  return faults.result();
}

}  // namespace edgehaul::host
