// SPDX-License-Identifier: Apache-2.0
#include "sources/host/meminfo.hpp"

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

struct Entry {
  std::string_view key;
  std::optional<std::uint64_t> Meminfo::*member;
  std::uint64_t unit;
};
constexpr std::uint64_t kKibi = 1024;
constexpr Entry kEntries[] = {
    {"MemTotal", &Meminfo::total, kKibi},
    {"MemFree", &Meminfo::free, kKibi},
    {"MemAvailable", &Meminfo::available, kKibi},
    {"Buffers", &Meminfo::buffers, kKibi},
    {"Cached", &Meminfo::cached, kKibi},
    {"SReclaimable", &Meminfo::slab_reclaimable, kKibi},
    {"SUnreclaim", &Meminfo::slab_unreclaimable, kKibi},
    {"Dirty", &Meminfo::dirty, kKibi},
    {"Shmem", &Meminfo::shared, kKibi},
    {"HugePages_Total", &Meminfo::huge_total, 1},
    {"HugePages_Free", &Meminfo::huge_free, 1},
    {"HugePages_Rsvd", &Meminfo::huge_reserved, 1},
    {"HugePages_Surp", &Meminfo::huge_surplus, 1},
    {"Hugepagesize", &Meminfo::huge_page_size, kKibi},
};

// "   24683656 kB" or, for page counts, "       0".
std::optional<std::uint64_t> parse_amount(std::string_view text, std::uint64_t unit) {
  const auto number = text::parse_u64(text::next_field(text));
  const std::string_view suffix = text::next_field(text);
  if (!number || suffix != (unit == kKibi ? "kB" : "")) return std::nullopt;
  if (*number > UINT64_MAX / unit) return std::nullopt;
  return *number * unit;
}

}  // namespace

void parse_meminfo(std::string_view body, Meminfo& out) {
  out.faults.clear();
  for (const Entry& entry : kEntries)
    (out.*entry.member).reset();
  while (const auto line = text::next_line(body)) {
    const auto halves = text::split_once(*line, ':');
    if (!halves) {
      out.faults.malformed("meminfo", *line);
      continue;
    }
    for (const Entry& entry : kEntries) {
      if (entry.key != halves->head) continue;
      out.*entry.member = parse_amount(halves->tail, entry.unit);
      if (!(out.*entry.member)) out.faults.malformed("meminfo", *line);
      break;
    }
  }
}

}  // namespace edgehaul::host
