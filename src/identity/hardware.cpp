// SPDX-License-Identifier: Apache-2.0
#include "identity/hardware.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kOrigin = "hardware";

// What makers leave where a name should stand.
bool is_placeholder(std::string_view value) {
  constexpr std::array<std::string_view, 10> kWords{"to be filled by o.e.m.",
                                                    "default string",
                                                    "not specified",
                                                    "not applicable",
                                                    "system product name",
                                                    "system manufacturer",
                                                    "system serial number",
                                                    "none",
                                                    "unknown",
                                                    "0123456789"};
  return std::find(kWords.begin(), kWords.end(), text::lower(value)) != kWords.end();
}

void set_known(Draft& draft, std::string_view key, std::string_view value) {
  if (!is_placeholder(value)) draft.set(kOrigin, key, value);
}

// Serials are for root only; without the right this host has none to tell.
void take_dmi(const base::Roots& roots, Draft& draft) {
  const auto field = [&](std::string_view name) {
    return base::read_line(roots.in_sys("class/dmi/id/" + std::string(name))).value_or("");
  };
  set_known(draft, "hw.vendor", field("sys_vendor"));
  set_known(draft, "hw.model", field("product_name"));
  set_known(draft, "hw.serial_number", field("product_serial"));
}

// Devicetree texts end with a NUL; `compatible` is a list of them, the board's own first:
// "nvidia,p3737-0000+p3701-0005".
void take_device_tree(const base::Roots& roots, Draft& draft) {
  const auto field = [&](std::string_view name) {
    const std::string raw =
        base::read_line(roots.in_sys("firmware/devicetree/base/" + std::string(name))).value_or("");
    return raw.substr(0, raw.find('\0'));
  };
  const std::string compatible = field("compatible");
  if (const std::size_t comma = compatible.find(','); comma != std::string::npos) {
    set_known(draft, "hw.vendor", compatible.substr(0, comma));
  }
  set_known(draft, "hw.model", field("model"));
  set_known(draft, "hw.serial_number", field("serial-number"));
}

}  // namespace

void detect_hardware(const base::Roots& roots, Draft& draft) {
  take_device_tree(roots, draft);
  take_dmi(roots, draft);
}

}  // namespace edgehaul::identity
