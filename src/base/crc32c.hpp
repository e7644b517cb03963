// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720 B.4), with the SSE4.2 instruction where there is one. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace edgehaul::base {

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace edgehaul::base
