// SPDX-License-Identifier: Apache-2.0
// Source "memory": use by state, huge pages and the kernel's own estimate of what is available.
// Collect thread.
#pragma once

#include <memory>

#include "metric/source.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

class Memory final : public metric::Source {
 public:
  Memory(const base::Roots& roots, const MemoryOptions& options,
         std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "memory"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  std::shared_ptr<KernelFiles> files_;
};

}  // namespace edgehaul::host
