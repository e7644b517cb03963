// SPDX-License-Identifier: Apache-2.0
// Source "kernel": counters of the kernel as a whole that say how it fares. Collect thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

struct FileHandles {
  std::uint64_t count = 0;
  std::uint64_t limit = 0;
};
std::optional<FileHandles> parse_file_nr(std::string_view body);

class Kernel final : public metric::Source {
 public:
  Kernel(const base::Roots& roots, const KernelOptions& options,
         std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "kernel"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  void add_stat(metric::Batch& batch, Faults& faults);
  void add_file_handles(metric::Batch& batch, Faults& faults);
  void add_entropy(metric::Batch& batch, Faults& faults);
  void add_oom_kills(metric::Batch& batch, Faults& faults);

  std::shared_ptr<KernelFiles> files_;
  KeptFile file_nr_;
  KeptFile entropy_;
};

}  // namespace edgehaul::host
