// SPDX-License-Identifier: Apache-2.0
#include "sources/host/emmc.hpp"

#include "base/text.hpp"
#include "sources/host/folder.hpp"

namespace edgehaul::host {

namespace {

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
  return text::parse_u64(text.substr(2), 16);
}

void add_remaining(metric::Batch& batch, const std::string& device, std::string_view area,
                   const std::optional<double>& remaining) {
  if (!remaining) return;
  batch.add(metric::id("hw.physical_disk.endurance_utilization"), *remaining,
            {{"hw.id", device}, {"hw.physical_disk.state", "remaining"}, {"type", area}});
}

}  // namespace

std::optional<double> parse_life_time(std::string_view field) {
  const auto tenths = parse_hex(field);
  if (!tenths || *tenths == 0 || *tenths > 11) return std::nullopt;
  return *tenths >= 10 ? 0.0 : static_cast<double>(10 - *tenths) / 10.0;
}

std::vector<EmmcHealth> read_emmc(const std::string& sys) {
  constexpr std::size_t kMaxDevices = 64;
  std::vector<EmmcHealth> all;
  for (std::string& device : list_folder(sys + "/block", "mmcblk", kMaxDevices)) {
    const std::string folder = sys + "/block/" + device + "/device";
    const std::string life_time = read_text(folder + "/life_time");
    EmmcHealth health;
    health.remaining = parse_life_time(text::nth_field(life_time, 0));
    health.remaining_b = parse_life_time(text::nth_field(life_time, 1));
    health.pre_eol = parse_hex(read_text(folder + "/pre_eol_info"));
    if (health.pre_eol && (*health.pre_eol == 0 || *health.pre_eol > 3)) health.pre_eol.reset();
    if (!health.remaining && !health.remaining_b && !health.pre_eol) continue;
    health.device = text::to_utf8(device);
    all.push_back(std::move(health));
  }
  return all;
}

Emmc::Emmc(const base::Roots& roots, const EmmcOptions& options, const base::Clock& clock)
    : sys_(roots.sys), options_(options), clock_(clock) {}

Result<void> Emmc::read(metric::Batch& batch) {
  const base::Steady now = clock_.steady();
  if (!has_read_ || now - last_read_ >= options_.every) {
    has_read_ = true;
    last_read_ = now;
    devices_ = read_emmc(sys_);
  }
  if (devices_.empty()) return fail(Errc::absent, "no eMMC");
  for (const EmmcHealth& health : devices_) {
    add_remaining(batch, health.device, "a", health.remaining);
    add_remaining(batch, health.device, "b", health.remaining_b);
    if (health.pre_eol)
      batch.add(metric::id("hw.physical_disk.pre_eol"), *health.pre_eol,
                {{"hw.id", health.device}});
  }
  return {};
}

}  // namespace edgehaul::host
