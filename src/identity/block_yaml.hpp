// SPDX-License-Identifier: Apache-2.0
// A reader of YAML in block style that keeps nothing: it walks over text and shows where each
// scalar stands, as views, so that a caller copies the few that it wants and the rest (tokens,
// passwords) is never stored. Flow collections, aliases, tags, block scalars and texts over several
// lines are passed over. Linear in the text; pure. Inside the room only.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace edgehaul::identity {

// Keys from the outermost in; kEntry stands for an entry of a list.
using YamlPath = std::span<const std::string_view>;
inline constexpr std::string_view kEntry = "[]";

// Below this many levels everything is passed over.
inline constexpr std::size_t kMaxYamlLevels = 16;

struct YamlScalar {
  std::string_view raw;  // with its quotes; empty where the value is of a kind that is passed over
  int entry = 0;         // number of the innermost list's entry, from 1; 0 outside lists

  // The text with quotes and escapes undone; nullopt for what is not simple text in one line.
  std::optional<std::string> text() const;
};

using OnScalar = std::function<void(YamlPath, const YamlScalar&)>;

void walk_block_yaml(std::string_view text, const OnScalar& on_scalar);

}  // namespace edgehaul::identity
