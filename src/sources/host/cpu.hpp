// SPDX-License-Identifier: Apache-2.0
// Source "cpu": time per CPU and state, utilisation, counts and frequency. Collect thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/cpu_info.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

// What is remembered of one CPU between ticks.
struct CpuMemory {
  std::string name;  // "cpu12"
  CpuTicks ticks{};
  bool known = false;
};

// Holds back idle, iowait and steal where the kernel lets them jitter downwards (proc(5)), so that
// they never fall; a large fall of idle is a CPU that came back online with new accounting.
void hold_back(const CpuMemory& memory, CpuTicks& now);

// Shares of the time between two readings by state, 0..1; false when there is nothing to divide.
bool cpu_shares(const CpuTicks& before, const CpuTicks& now,
                std::array<double, kCpuColumns>& shares);

class Cpu final : public metric::Source {
 public:
  Cpu(const base::Roots& roots, const CpuOptions& options, std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "cpu"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  void add_cpu(metric::Batch& batch, const CpuLine& line);

  std::shared_ptr<KernelFiles> files_;
  CpuInfo info_;
  std::vector<CpuMemory> memory_;  // by CPU number
};

}  // namespace edgehaul::host
