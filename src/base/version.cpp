// SPDX-License-Identifier: Apache-2.0
#include "base/version.hpp"

namespace edgehaul::base {

std::string_view version() {
  return EDGEHAUL_VERSION;
}

}  // namespace edgehaul::base
