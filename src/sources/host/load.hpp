// SPDX-License-Identifier: Apache-2.0
// Source "load": the load averages. Collect thread.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

// Over 1, 5 and 15 minutes.
Result<std::array<double, 3>> parse_loadavg(std::string_view body);

class Load final : public metric::Source {
 public:
  Load(const base::Roots& roots, const LoadOptions& options, std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "load"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Result<double> divisor(base::UnixNanos tick);

  KeptFile file_;
  bool per_cpu_;
  std::shared_ptr<KernelFiles> files_;
};

}  // namespace edgehaul::host
