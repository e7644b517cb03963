// SPDX-License-Identifier: Apache-2.0
// What every fuzz target needs: a check that stays in whatever the build type, and a view of the
// input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace edgehaul::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace edgehaul::fuzz
