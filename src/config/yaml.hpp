// SPDX-License-Identifier: Apache-2.0
// YAML text to a tree, within bounds: size, depth and number of nodes; aliases and several
// documents are refused, a key that is written twice names both lines. The only file that sees
// yaml-cpp. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/fault.hpp"
#include "config/tree.hpp"

namespace edgehaul::config {

inline constexpr std::size_t kMaxYamlBytes = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxYamlNodes = 20'000;
inline constexpr std::size_t kMaxYamlDepth = 16;

// What could be read of `text`, with faults appended that name `file`; nullopt when nothing could.
std::optional<Node> parse_yaml(std::string_view text, const std::string& file, Faults& faults);

}  // namespace edgehaul::config
