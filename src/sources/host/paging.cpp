// SPDX-License-Identifier: Apache-2.0
#include "sources/host/paging.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kUsage = metric::id("system.paging.usage");
constexpr metric::Id kUtilization = metric::id("system.paging.utilization");
constexpr metric::Id kOperations = metric::id("system.paging.operations");
constexpr metric::Id kFaults = metric::id("system.paging.faults");

// MAX_SWAPFILES is 32 minus special types.
constexpr std::size_t kMaxSwaps = 64;

// The kernel prints blanks, newlines and backslashes in paths as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    unsigned char byte = 0;
    if (text.size() >= 4 && text[0] == '\\' && text::parse_into(text.substr(1, 3), byte, 8)) {
      out += static_cast<char>(byte);
      text.remove_prefix(4);
    } else {
      out += text[0];
      text.remove_prefix(1);
    }
  }
  return text::to_utf8(out);
}

// "/dev/sda2   partition  8388604  1024  -2"
bool parse_swap(std::string_view line, SwapArea& out) {
  const std::string_view device = text::next_field(line);
  text::next_field(line);  // type
  constexpr std::uint64_t kKibi = 1024;
  std::uint64_t size = 0;
  std::uint64_t used = 0;
  if (!text::parse_into(text::next_field(line), size)) return false;
  if (!text::parse_into(text::next_field(line), used)) return false;
  if (size > UINT64_MAX / kKibi || used > size) return false;
  out = {unescape(device), size * kKibi, used * kKibi};
  return true;
}

}  // namespace

void parse_swaps(std::string_view body, std::vector<SwapArea>& out, Faults& faults) {
  out.clear();
  text::next_line(body);  // headings
  while (const auto line = text::next_line(body)) {
    SwapArea area;
    const bool good = out.size() < kMaxSwaps && parse_swap(*line, area) &&
                      std::none_of(out.begin(), out.end(),
                                   [&](const auto& a) { return a.device == area.device; });
    if (good) {
      out.push_back(std::move(area));
    } else {
      faults.malformed("swaps", *line);
    }
  }
}

Paging::Paging(const base::Roots& roots, const PagingOptions&, std::shared_ptr<KernelFiles> files)
    : swaps_file_(roots.in_proc("swaps")), files_(std::move(files)) {}

void Paging::add_swaps(metric::Batch& batch) const {
  for (const SwapArea& area : swaps_) {
    const std::uint64_t free = area.size - area.used;
    batch.add(kUsage, area.used, {{"device", area.device}, {"state", "used"}});
    batch.add(kUsage, free, {{"device", area.device}, {"state", "free"}});
    if (area.size == 0) continue;
    const auto size = static_cast<double>(area.size);
    batch.add(kUtilization, static_cast<double>(area.used) / size,
              {{"device", area.device}, {"state", "used"}});
    batch.add(kUtilization, static_cast<double>(free) / size,
              {{"device", area.device}, {"state", "free"}});
  }
}

void Paging::add_counters(metric::Batch& batch, const Vmstat& vmstat) {
  const auto operations = [&](const auto& value, const char* direction, const char* type) {
    if (value) batch.add(kOperations, *value, {{"direction", direction}, {"type", type}});
  };
  operations(vmstat.pswpin, "page_in", "major");
  operations(vmstat.pswpout, "page_out", "major");
  operations(vmstat.pgpgin, "page_in", "minor");
  operations(vmstat.pgpgout, "page_out", "minor");

  if (vmstat.pgmajfault) batch.add(kFaults, *vmstat.pgmajfault, {{"type", "major"}});
  if (!vmstat.pgmajfault || !vmstat.pgfault) return;
  std::uint64_t minor = *vmstat.pgfault - std::min(*vmstat.pgfault, *vmstat.pgmajfault);
  // The kernel sums both counters over the CPUs while they run, so the difference may dip.
  if (*vmstat.pgfault >= last_faults_) minor = std::max(minor, last_minor_);
  last_faults_ = *vmstat.pgfault;
  last_minor_ = minor;
  batch.add(kFaults, minor, {{"type", "minor"}});
}

Result<void> Paging::read(metric::Batch& batch) {
  Faults faults;
  if (auto body = swaps_file_.read()) {
    parse_swaps(*body, swaps_, faults);
    add_swaps(batch);
  } else if (body.error().code != Errc::absent) {  // a kernel without swap has no such file
    faults.add(std::move(body.error()));
  }
  auto vmstat = files_->vmstat.at(batch.time());
  if (vmstat) {
    add_counters(batch, **vmstat);
    faults.add((*vmstat)->faults);
    if (!(*vmstat)->pgfault) faults.add({Errc::malformed, "vmstat: pgfault is missing"});
  } else {
    faults.add(std::move(vmstat.error()));
  }
  return faults.result();
}

}  // namespace edgehaul::host
