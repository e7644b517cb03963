// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as people write them, both ways. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::units {

// "256MiB", "1.5GiB", "64k", "4096", "10MB": binary (KiB, MiB, GiB, TiB, and bare K, M, G, T) and
// decimal (kB, MB, GB, TB) suffixes, case-insensitive; plain numbers are bytes.
Result<std::uint64_t> parse_bytes(std::string_view text);

// "10s", "500ms", "1h30m", "7d", "2w"; a bare number is refused (seconds or milliseconds?).
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

std::string format_bytes(std::uint64_t bytes);                // "3.1 MiB"
std::string format_duration(std::chrono::milliseconds span);  // "8s", "2h 5m", "31d 4h"
std::string format_utc(std::int64_t unix_nanos);              // "2026-11-22T23:38:29.123Z"

}  // namespace edgehaul::units
