// SPDX-License-Identifier: Apache-2.0
// State of software RAID arrays from /proc/mdstat. Collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/faults.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/name_map.hpp"

namespace edgehaul::host {

enum class RaidState : std::uint8_t { ok, degraded, failed };

struct RaidArray {
  std::string_view name;
  std::string_view level;  // "raid1"; empty while inactive
  bool is_active = false;
  std::uint64_t required = 0;
  std::uint64_t active = 0;
  std::uint64_t failed = 0;
  std::uint64_t spare = 0;
  std::string_view action;  // "resync", "recovery", "check", "reshape"; empty: none
  double progress = 0;      // 0 to 1

  RaidState state() const;
};

// The arrays of a body of /proc/mdstat; the views point into it. Containers of external metadata
// (IMSM, DDF), which never hold data themselves, are left out.
std::vector<RaidArray> parse_mdstat(std::string_view body, Faults& faults);

class Mdraid final : public metric::Source {
 public:
  Mdraid(const base::Roots& roots, const MdraidOptions& options);
  std::string_view name() const override { return "mdraid"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  struct Nothing {};
  KeptFile file_;
  NameMap<Nothing> arrays_;
};

}  // namespace edgehaul::host
