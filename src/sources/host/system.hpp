// SPDX-License-Identifier: Apache-2.0
// Source "system": how long the host has been up. Collect thread.
#pragma once

#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

// Seconds since boot, suspend included, to a hundredth.
Result<double> parse_uptime(std::string_view body);

class System final : public metric::Source {
 public:
  System(const base::Roots& roots, const SystemOptions& options);
  std::string_view name() const override { return "system"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  KeptFile uptime_;
};

}  // namespace edgehaul::host
