// SPDX-License-Identifier: Apache-2.0
// Words of peers, made fit for logs, status and answers. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edgehaul::otlp {

inline constexpr std::size_t kMaxWords = 1024;

// Valid UTF-8 of at most kMaxWords bytes, cut between characters.
std::string bounded_words(std::string_view text);

}  // namespace edgehaul::otlp
