// SPDX-License-Identifier: Apache-2.0
#include "sources/host/link.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "sources/host/folder.hpp"
#include "sources/host/name_map.hpp"

namespace edgehaul::host {

namespace {

constexpr unsigned kReadsPerList = 6;
constexpr std::size_t kMaxInterfaces = 256;  // three descriptors each
constexpr std::uint64_t kBytesPerMegabit = 125'000;

std::optional<std::uint64_t> number_in(KeptFile& file) {
  const auto body = file.read();
  return body ? text::parse_u64(text::trim(*body)) : std::nullopt;
}

}  // namespace

Link::Interface::Interface(const std::string& folder, std::string clean_name, std::string bond_name)
    : name(std::move(clean_name)),
      bond(std::move(bond_name)),
      operstate(folder + "/operstate"),
      carrier_changes(folder + "/carrier_changes"),
      speed(folder + "/speed"),
      mii_status(folder + "/bonding_slave/mii_status") {}

Link::Link(const base::Roots& roots, const LinkOptions& options)
    : folder_(roots.in_sys("class/net")), options_(options) {}

void Link::list() {
  interfaces_.clear();
  reads_until_list_ = kReadsPerList;
  for (const std::string& name : list_folder(folder_)) {
    const std::string folder = folder_ + "/" + name;
    const bool is_real = exists(folder + "/device") || exists(folder + "/bonding");
    if (!is_real || !is_wanted(options_.include, options_.exclude, name)) continue;
    if (interfaces_.size() >= kMaxInterfaces) return;
    const bool is_member = exists(folder + "/bonding_slave");
    interfaces_.emplace_back(folder, text::to_utf8(name),
                             is_member ? link_base(folder + "/master") : std::string());
  }
}

Result<void> Link::read(metric::Batch& batch) {
  if (reads_until_list_ == 0) list();
  --reads_until_list_;
  if (interfaces_.empty()) return fail(Errc::absent, "no network hardware");
  for (Interface& interface : interfaces_) {
    // An interface that went away: look again at the next tick.
    if (!add(batch, interface)) reads_until_list_ = 0;
  }
  return {};
}

bool Link::add(metric::Batch& batch, Interface& interface) {
  const auto operstate = interface.operstate.read();
  if (!operstate) return false;
  const std::string_view state = text::trim(*operstate);
  // Drivers that never tell say "unknown" while they work.
  bool is_up = state == "up" || state == "unknown";
  if (!interface.bond.empty()) {
    const auto mii = interface.mii_status.read();
    is_up = is_up && (!mii || text::trim(*mii) == "up");
  }
  const std::array<metric::Attr, 2> hw = {metric::Attr("hw.id", interface.name),
                                          metric::Attr("hw.parent", interface.bond)};
  const metric::Attrs attrs(hw.data(), interface.bond.empty() ? 1 : 2);
  batch.add(metric::id("hw.network.up"), std::uint64_t{is_up}, attrs);
  if (batch.wants(metric::id("hw.network.bandwidth.limit"))) {
    // -1 or an error while the link is down or has no such notion.
    if (const auto speed = number_in(interface.speed); speed && *speed < 0xFFFFFFFF)
      batch.add(metric::id("hw.network.bandwidth.limit"), *speed * kBytesPerMegabit, attrs);
  }
  if (const auto changes = number_in(interface.carrier_changes))
    batch.add(metric::id("system.network.carrier_changes"), *changes, {{"device", interface.name}});
  return true;
}

}  // namespace edgehaul::host
