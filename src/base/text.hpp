// SPDX-License-Identifier: Apache-2.0
// Reading kernel text without allocating: string_views in, values out. Every number parser must eat
// all of its input, so "12kB" is not 12. Pure; any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgehaul::text {

// Takes the next line (without its newline) off `body`; nullopt at the end. A last line without a
// newline is returned too.
std::optional<std::string_view> next_line(std::string_view& body);

// Takes the next run of non-blank characters off `line`, skipping blanks (space and tab) before it;
// empty at the end.
std::string_view next_field(std::string_view& line);

// Skips `count` fields and returns the one after them; empty when there are not that many.
std::string_view nth_field(std::string_view line, int count);

struct Halves {
  std::string_view head;
  std::string_view tail;
};
// Halves around the first (or last) `mark`; nullopt when it does not occur.
std::optional<Halves> split_once(std::string_view text, char mark);
std::optional<Halves> split_last(std::string_view text, char mark);

std::string_view trim(std::string_view text);

// Parses all of `text` as a number into `out`, leaving `out` alone on failure.
template <class Number>
[[nodiscard]] bool parse_into(std::string_view text, Number& out,
                              int base = 10) requires std::is_integral_v<Number> {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return false;
  out = value;
  return true;
}
[[nodiscard]] bool parse_into(std::string_view text, double& out);

std::optional<std::uint64_t> parse_u64(std::string_view text, int base = 10);
std::optional<std::int64_t> parse_i64(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// Shell-style glob over a whole string: '*' any run, '?' any one byte, '[a-z]' / '[!a]' classes and
// '\' quoting, '{a,b}' is not supported. '*' also matches '/'. Linear in text × stars: no blow-up.
bool glob_match(std::string_view pattern, std::string_view text);

std::string lower(std::string_view text);

// Valid UTF-8 per RFC 3629 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
// The same text with every invalid byte replaced by U+FFFD.
std::string to_utf8(std::string_view text);

// The candidate nearest to `word` by edit distance when it is near enough to be a likely typo.
template <class Range>
std::string_view nearest(std::string_view word, const Range& candidates);
std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string_view nearest(std::string_view word, const Range& candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace edgehaul::text
