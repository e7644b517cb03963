// SPDX-License-Identifier: Apache-2.0
// The costly part of source "cpu": physical cores and frequencies. Nothing is read unless one of
// these metrics is switched on. Collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/roots.hpp"
#include "metric/batch.hpp"
#include "sources/host/faults.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/proc_stat.hpp"

namespace edgehaul::host {

struct CpuSpeed {
  std::uint32_t cpu = 0;
  double hertz = 0;
};

struct CpuInfoText {
  std::vector<CpuSpeed> speeds;  // none on ARM, which has no "cpu MHz" line
  std::uint64_t cores = 0;       // sum of "cpu cores" over the packages; 0: not said
};

void parse_cpuinfo(std::string_view body, CpuInfoText& out, Faults& faults);

class CpuInfo {
 public:
  explicit CpuInfo(const base::Roots& roots);
  void add_points(metric::Batch& batch, const std::vector<CpuLine>& online, Faults& faults);

 private:
  std::uint64_t count_cores(const std::vector<CpuLine>& online);
  bool leads_its_core(std::uint32_t cpu);
  void add_speeds(metric::Batch& batch, const std::vector<CpuLine>& online);
  std::optional<std::uint64_t> sysfs_kilohertz(std::uint32_t cpu);

  std::string cpu_folder_;
  KeptFile cpuinfo_;
  CpuInfoText text_;
  std::string buffer_;
  std::size_t counted_for_ = 0;  // online CPUs when the cores were counted
  std::uint64_t cores_ = 0;
};

}  // namespace edgehaul::host
