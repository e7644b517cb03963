// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace edgehaul::text {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

template <class Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::uint64_t kHighBits = 0x8080808080808080;
static_assert(std::endian::native == std::endian::little);

// How many ASCII characters `text` begins with, eight at a time.
std::size_t ascii_length(std::string_view text) {
  const char* const begin = text.data();
  std::size_t length = 0;
  for (; length + 8 <= text.size(); length += 8) {
    const std::uint64_t high = load<std::uint64_t>(begin + length) & kHighBits;
    if (high != 0) return length + static_cast<std::size_t>(std::countr_zero(high)) / 8;
  }
  const std::size_t rest = text.size() - length;
  if (rest == 0) return length;
  if (text.size() >= 8) {  // the rest together with what was looked at
    const std::uint64_t last = load<std::uint64_t>(begin + text.size() - 8) >> (8 * (8 - rest));
    const std::uint64_t high = last & kHighBits;
    return high == 0 ? text.size() : length + static_cast<std::size_t>(std::countr_zero(high)) / 8;
  }
  while (length < text.size() && static_cast<unsigned char>(text[length]) < 0x80)
    ++length;
  return length;
}

// Length in bytes of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// Matches one pattern element (after any '*') against `c`; `used` is the element's length.
bool match_element(std::string_view pattern, char c, std::size_t& used) {
  if (pattern[0] == '?') {
    used = 1;
    return true;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) {
    used = 2;
    return pattern[1] == c;
  }
  const std::size_t close = pattern[0] == '[' ? pattern.find(']', 2) : std::string_view::npos;
  if (close == std::string_view::npos) {
    used = 1;
    return pattern[0] == c;
  }
  used = close + 1;
  std::string_view set = pattern.substr(1, close - 1);
  const bool negated = set[0] == '!' || set[0] == '^';
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= c && c <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == c;
    }
  }
  return found != negated;
}

}  // namespace

std::optional<std::string_view> next_line(std::string_view& body) {
  if (body.empty()) return std::nullopt;
  const std::size_t end = body.find('\n');
  if (end == std::string_view::npos) {
    const std::string_view line = body;
    body = {};
    return line;
  }
  const std::string_view line = body.substr(0, end);
  body.remove_prefix(end + 1);
  return line;
}

std::string_view next_field(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin]))
    ++begin;
  std::size_t end = begin;
  while (end < line.size() && !is_blank(line[end]))
    ++end;
  const std::string_view field = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return field;
}

std::string_view nth_field(std::string_view line, int count) {
  while (count-- > 0) {
    if (next_field(line).empty()) return {};
  }
  return next_field(line);
}

std::optional<Halves> split_once(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return Halves{text.substr(0, at), text.substr(at + 1)};
}

std::optional<Halves> split_last(std::string_view text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return Halves{text.substr(0, at), text.substr(at + 1)};
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool parse_into(std::string_view text, double& out) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return false;
  out = value;
  return true;
}

std::optional<std::uint64_t> parse_u64(std::string_view text, int base) {
  std::uint64_t value = 0;
  if (!parse_into(text, value, base)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_i64(std::string_view text) {
  std::int64_t value = 0;
  if (!parse_into(text, value)) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  if (!parse_into(text, value)) return std::nullopt;
  return value;
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // resume point: the last '*' and what it ate so far
  std::size_t eaten = 0;
  while (t < text.size()) {
    std::size_t used = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      eaten = t;
    } else if (p < pattern.size() && match_element(pattern.substr(p), text[t], used)) {
      p += used;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++eaten;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_length(text));
    while (!text.empty() && static_cast<unsigned char>(text.front()) >= 0x80) {
      const std::size_t length = utf8_length(text);
      if (length == 0) return false;
      text.remove_prefix(length);
    }
    if (text.empty()) return true;
  }
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace edgehaul::text
