// SPDX-License-Identifier: Apache-2.0
// References in values: ${env:NAME}, ${env:NAME:-fallback}, ${file:PATH} (line breaks at its end
// trimmed; the path may hold references itself), $$ for a dollar sign. What comes out of a
// reference is not looked at again, and errors name the reference, never what it gave.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::config {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The process's own environment.
std::optional<std::string> process_environment(const std::string& name);

inline constexpr std::size_t kMaxReferencedFile = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxExpanded = std::size_t{256} * 1024;

Result<std::string> expand(std::string_view text, const Environment& environment);

}  // namespace edgehaul::config
