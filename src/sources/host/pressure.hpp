// SPDX-License-Identifier: Apache-2.0
// Source "pressure": how long tasks were stalled for lack of CPU, memory, I/O or by interrupts
// (pressure stall information, kernel 4.20 and later, where it is not switched off at boot).
// Collect thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/faults.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

struct Stall {
  std::uint64_t total_us = 0;
  std::array<double, 3> shares{};  // of the last 10 s, 1 and 5 minutes, 0..1
};

struct Pressure {
  std::optional<Stall> some;
  std::optional<Stall> full;
};

// A file of /proc/pressure or a cgroup's *.pressure.
Pressure parse_pressure(std::string_view body, Faults& faults);

class PressureSource final : public metric::Source {
 public:
  PressureSource(const base::Roots& roots, const PressureOptions& options);
  std::string_view name() const override { return "pressure"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  static constexpr std::size_t kFiles = 4;
  std::array<KeptFile, kFiles> files_;
};

}  // namespace edgehaul::host
