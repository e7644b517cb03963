// SPDX-License-Identifier: Apache-2.0
// The version, from meson's project().
#pragma once

#include <string_view>

namespace edgehaul::base {

std::string_view version();

}  // namespace edgehaul::base
