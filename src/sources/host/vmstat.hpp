// SPDX-License-Identifier: Apache-2.0
// /proc/vmstat as values: read by paging and kernel. Pure parsing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sources/host/faults.hpp"

namespace edgehaul::host {

struct Vmstat {
  std::optional<std::uint64_t> pgpgin;   // KiB
  std::optional<std::uint64_t> pgpgout;  // KiB
  std::optional<std::uint64_t> pswpin;   // pages
  std::optional<std::uint64_t> pswpout;  // pages
  std::optional<std::uint64_t> pgfault;  // major ones included
  std::optional<std::uint64_t> pgmajfault;
  std::optional<std::uint64_t> oom_kill;
  Faults faults;
};

void parse_vmstat(std::string_view body, Vmstat& out);

}  // namespace edgehaul::host
