// SPDX-License-Identifier: Apache-2.0
// How much of their life eMMC devices have left, by their own account (JESD84-B51 EXT_CSD 267-269);
// cards do not tell. Read rarely and repeated in between. Collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"

namespace edgehaul::host {

// "0x02" as life_time has it: 0x01 is "up to a tenth used", 0x0b "more than all". The part that is
// surely left; nullopt for 0 (not defined) and what is no such number.
std::optional<double> parse_life_time(std::string_view field);

struct EmmcHealth {
  std::string device;               // "mmcblk0"
  std::optional<double> remaining;  // of the area of type A (SLC)
  std::optional<double> remaining_b;
  std::optional<std::uint64_t> pre_eol;  // 1 normal, 2 warning, 3 urgent
};

std::vector<EmmcHealth> read_emmc(const std::string& sys);

class Emmc final : public metric::Source {
 public:
  Emmc(const base::Roots& roots, const EmmcOptions& options, const base::Clock& clock);
  std::string_view name() const override { return "emmc"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  std::string sys_;
  EmmcOptions options_;
  const base::Clock& clock_;
  std::vector<EmmcHealth> devices_;
  bool has_read_ = false;
  base::Steady last_read_{};
};

}  // namespace edgehaul::host
