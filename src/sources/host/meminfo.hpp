// SPDX-License-Identifier: Apache-2.0
// /proc/meminfo as values: read by memory and process. Pure parsing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sources/host/faults.hpp"

namespace edgehaul::host {

// Bytes; the huge page counts are pages.
struct Meminfo {
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> free;
  std::optional<std::uint64_t> available;
  std::optional<std::uint64_t> buffers;
  std::optional<std::uint64_t> cached;
  std::optional<std::uint64_t> slab_reclaimable;
  std::optional<std::uint64_t> slab_unreclaimable;
  std::optional<std::uint64_t> dirty;
  std::optional<std::uint64_t> shared;
  std::optional<std::uint64_t> huge_total;
  std::optional<std::uint64_t> huge_free;
  std::optional<std::uint64_t> huge_reserved;
  std::optional<std::uint64_t> huge_surplus;
  std::optional<std::uint64_t> huge_page_size;
  Faults faults;
};

void parse_meminfo(std::string_view body, Meminfo& out);

}  // namespace edgehaul::host
