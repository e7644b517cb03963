// SPDX-License-Identifier: Apache-2.0
// Source "paging": swap areas, paging operations and page faults. Collect thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

struct SwapArea {
  std::string device;
  std::uint64_t size = 0;  // bytes
  std::uint64_t used = 0;  // bytes
};

// /proc/swaps; repeated devices and lines that do not parse are faults.
void parse_swaps(std::string_view body, std::vector<SwapArea>& out, Faults& faults);

class Paging final : public metric::Source {
 public:
  Paging(const base::Roots& roots, const PagingOptions& options,
         std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "paging"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  void add_swaps(metric::Batch& batch) const;
  void add_counters(metric::Batch& batch, const Vmstat& vmstat);

  KeptFile swaps_file_;
  std::shared_ptr<KernelFiles> files_;
  std::vector<SwapArea> swaps_;
  std::uint64_t last_faults_ = 0;
  std::uint64_t last_minor_ = 0;
};

}  // namespace edgehaul::host
