// SPDX-License-Identifier: Apache-2.0
#include "sources/host/memory.hpp"

#include <unistd.h>

namespace edgehaul::host {

namespace {

using Amount = std::optional<std::uint64_t>;

constexpr metric::Id kUsage = metric::id("system.memory.usage");
constexpr metric::Id kUtilization = metric::id("system.memory.utilization");
constexpr metric::Id kPageSize = metric::id("system.memory.page_size");
constexpr metric::Id kHugeUsage = metric::id("system.memory.linux.hugepages.usage");
constexpr metric::Id kHugeUtilization = metric::id("system.memory.linux.hugepages.utilization");
constexpr std::string_view kHugeState = "system.memory.linux.hugepages.state";

struct Plain {
  metric::Id metric;
  Amount Meminfo::*member;
};
constexpr Plain kPlain[] = {
    {metric::id("system.memory.limit"), &Meminfo::total},
    {metric::id("system.linux.memory.available"), &Meminfo::available},
    {metric::id("system.linux.memory.dirty"), &Meminfo::dirty},
    {metric::id("system.memory.linux.shared"), &Meminfo::shared},
    {metric::id("system.memory.linux.hugepages.limit"), &Meminfo::huge_total},
    {metric::id("system.memory.linux.hugepages.page_size"), &Meminfo::huge_page_size},
    {metric::id("system.memory.linux.hugepages.reserved"), &Meminfo::huge_reserved},
    {metric::id("system.memory.linux.hugepages.surplus"), &Meminfo::huge_surplus},
};

std::uint64_t minus(std::uint64_t from, std::uint64_t what) {
  return from > what ? from - what : 0;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// MemAvailable is what applications could get without swapping; kernels that lack it (containers
// with a made-up meminfo) get the sum that free(1) used before.
Amount used(const Meminfo& info) {
  if (!info.total) return std::nullopt;
  if (info.available) return minus(*info.total, *info.available);
  if (!info.free || !info.buffers || !info.cached) return std::nullopt;
  std::uint64_t rest = minus(*info.total, *info.free);
  rest = minus(rest, *info.buffers);
  rest = minus(rest, *info.cached);
  return minus(rest, info.slab_reclaimable.value_or(0));
}

Amount cached(const Meminfo& info) {
  if (!info.cached) return std::nullopt;
  return *info.cached + info.slab_reclaimable.value_or(0);
}

void add_states(metric::Batch& batch, const Meminfo& info) {
  const struct {
    std::string_view state;
    Amount bytes;
  } states[] = {
      {"used", used(info)},
      {"free", info.free},
      {"buffered", info.buffers},
      {"cached", cached(info)},
      {"slab_reclaimable", info.slab_reclaimable},
      {"slab_unreclaimable", info.slab_unreclaimable},
  };
  for (const auto& [state, bytes] : states) {
    if (!bytes) continue;
    batch.add(kUsage, *bytes, {{"state", state}});
    if (info.total && *info.total > 0)
      batch.add(kUtilization, ratio(*bytes, *info.total), {{"state", state}});
  }
}

void add_huge_pages(metric::Batch& batch, const Meminfo& info) {
  if (!info.huge_total || !info.huge_free) return;
  const std::uint64_t taken = minus(*info.huge_total, *info.huge_free);
  batch.add(kHugeUsage, *info.huge_free, {{kHugeState, "free"}});
  batch.add(kHugeUsage, taken, {{kHugeState, "used"}});
  if (*info.huge_total == 0) return;
  batch.add(kHugeUtilization, ratio(*info.huge_free, *info.huge_total), {{kHugeState, "free"}});
  batch.add(kHugeUtilization, ratio(taken, *info.huge_total), {{kHugeState, "used"}});
}

}  // namespace

Memory::Memory(const base::Roots&, const MemoryOptions&, std::shared_ptr<KernelFiles> files)
    : files_(std::move(files)) {}

Result<void> Memory::read(metric::Batch& batch) {
  auto meminfo = files_->meminfo.at(batch.time());
  if (!meminfo) return pass(std::move(meminfo.error()));
  const Meminfo& info = **meminfo;
  add_states(batch, info);
  add_huge_pages(batch, info);
  for (const Plain& plain : kPlain) {
    if (info.*plain.member) batch.add(plain.metric, *(info.*plain.member));
  }
  batch.add(kPageSize, static_cast<std::uint64_t>(::getpagesize()));

  Faults faults;
  faults.add(info.faults);
  if (!info.total) faults.add({Errc::malformed, "meminfo: MemTotal is missing"});
  if (!info.free) faults.add({Errc::malformed, "meminfo: MemFree is missing"});
  return faults.result();
}

}  // namespace edgehaul::host
