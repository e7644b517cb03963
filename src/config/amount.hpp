// SPDX-License-Identifier: Apache-2.0
// Numbers with a unit, both ways: milliseconds for durations, bytes for sizes, else a count; and
// switches. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/keys.hpp"

namespace edgehaul::config {

std::optional<bool> parse_flag(std::string_view word);

std::optional<std::uint64_t> parse_amount(Type type, std::string_view text);
// Exact, in the largest unit that is: "30d", "256MiB", "3.5MB".
std::string write_amount(Type type, std::uint64_t amount);

std::string_view amount_complaint(Type type);  // "not a duration"
std::string_view amount_example(Type type);    // "try 500ms, 30s, 5m"

}  // namespace edgehaul::config
