// SPDX-License-Identifier: Apache-2.0
// The table of attributes that detectors can find: what each means, where it comes from, and
// whether every sample carries it. Servers such as OpenObserve copy a resource's attributes onto
// every point, so only what tells hosts apart is on; the rest goes with edgehaul.host.info. The
// README's table is made of it. Constant; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "identity/options.hpp"

namespace edgehaul::identity {

struct AttributeDef {
  std::string_view name;  // "palette.site.tag.*" stands for all that begin so
  std::string_view detector;
  bool on;  // on the resource unless configured otherwise
  std::string_view meaning;
  std::string_view origin;
};

std::span<const AttributeDef> attribute_defs();

enum class Place : unsigned char { resource, info, nowhere };
Place place_of(std::string_view name, const Choice& choice);

std::string attributes_markdown();

}  // namespace edgehaul::identity
