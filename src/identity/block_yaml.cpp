// SPDX-License-Identifier: Apache-2.0
#include "identity/block_yaml.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::size_t kNone = std::string_view::npos;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_idle(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t\r");
  return start == kNone || line[start] == '#';
}

// The quote that closes the one at the front of `text`, or npos.
std::size_t closing_quote(std::string_view text, char quote, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      // '' inside single quotes is one quote.
      if (quote == '\'' && i + 1 < text.size() && text[i + 1] == '\'') {
        ++i;
      } else {
        return i;
      }
    }
  }
  return kNone;
}

// Where the ':' behind a key stands, or npos.
std::size_t colon_of(std::string_view text) {
  std::size_t from = 0;
  if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
    const std::size_t close = closing_quote(text, text[0], 1);
    if (close == kNone) return kNone;
    from = text.find_first_not_of(kBlank, close + 1);
    return from != kNone && text[from] == ':' ? from : kNone;
  }
  for (std::size_t at = text.find(':'); at != kNone; at = text.find(':', at + 1)) {
    const bool is_last = at + 1 == text.size();
    if (is_last || kBlank.find(text[at + 1]) != kNone) {
      const std::size_t comment = text.find(" #");
      return comment < at ? kNone : at;
    }
  }
  return kNone;
}

std::string_view without_comment(std::string_view plain) {
  for (std::size_t at = plain.find('#'); at != kNone; at = plain.find('#', at + 1)) {
    if (at > 0 && kBlank.find(plain[at - 1]) != kNone) return text::trim(plain.substr(0, at));
  }
  return text::trim(plain);
}

std::string_view bare_key(std::string_view key) {
  key = text::trim(key);
  const bool is_quoted =
      key.size() >= 2 && (key[0] == '"' || key[0] == '\'') && key.back() == key[0];
  return is_quoted ? key.substr(1, key.size() - 2) : key;
}

class Walker {
 public:
  Walker(std::string_view body, const OnScalar& on_scalar) : rest_(body), on_scalar_(on_scalar) {}

  void run() {
    while (auto line = text::next_line(rest_)) {
      if (line->ends_with('\r')) line->remove_suffix(1);
      if (passes_over(*line) || is_idle(*line)) continue;
      take(*line);
    }
  }

 private:
  struct Level {
    std::size_t indent = 0;
    bool is_entry = false;
    int entry = 0;
  };

  // True for lines inside something that began earlier and is not wanted.
  bool passes_over(std::string_view line) {
    if (quote_ != 0) {
      if (closing_quote(line, quote_, 0) != kNone) quote_ = 0;
      return true;
    }
    if (brackets_ > 0) {
      count_brackets(line);
      return true;
    }
    if (!skips_deeper_ || is_idle(line)) return skips_deeper_;
    if (line.find_first_not_of(' ') > skipped_indent_) return true;
    skips_deeper_ = false;
    return false;
  }

  void take(std::string_view line) {
    if (line.starts_with("---") || line.starts_with("...") || line.starts_with('%')) {
      depth_ = 0;
      return;
    }
    std::size_t indent = line.find_first_not_of(' ');
    std::string_view content = line.substr(indent);
    // Tabs do not indent.
    if (content.starts_with('\t')) return skip_deeper(indent);
    while (content == "-" || content.starts_with("- ")) {
      if (!open_entry(indent)) return skip_deeper(indent);
      const std::size_t next = content.find_first_not_of(' ', 1);
      if (next == kNone) return;
      content.remove_prefix(next);
      const bool is_scalar = content != "-" && !content.starts_with("- ") && !is_pair(content);
      if (is_scalar) return value(indent, content);
      indent += next;
    }
    take_pair(indent, content);
  }

  static bool is_pair(std::string_view content) {
    constexpr std::string_view kNotKeys = "{[&*!|>?@`";
    return kNotKeys.find(content[0]) == kNone && colon_of(content) != kNone;
  }

  void take_pair(std::size_t indent, std::string_view content) {
    if (!is_pair(content)) {
      // The value of the key above, or nothing that this reader understands: then its place is
      // lost.
      if (depth_ > 0 && levels_[depth_ - 1].indent >= indent) depth_ = 0;
      return value(indent, content);
    }
    const std::size_t colon = colon_of(content);
    while (depth_ > 0 && levels_[depth_ - 1].indent >= indent)
      --depth_;
    if (!push({indent, false, 0}, bare_key(content.substr(0, colon)))) return skip_deeper(indent);
    const std::string_view after = text::trim(content.substr(colon + 1));
    if (!after.empty() && after[0] != '#') value(indent, after);
  }

  bool open_entry(std::size_t indent) {
    int entry = 1;
    while (depth_ > 0) {
      const Level& level = levels_[depth_ - 1];
      const bool is_sibling = level.indent == indent && level.is_entry;
      if (is_sibling) entry = level.entry + 1;
      if (level.indent < indent || (level.indent == indent && !level.is_entry)) break;
      --depth_;
      if (is_sibling) break;
    }
    return push({indent, true, entry}, kEntry);
  }

  bool push(Level level, std::string_view key) {
    if (depth_ == kMaxYamlLevels) return false;
    levels_[depth_] = level;
    keys_[depth_] = key;
    ++depth_;
    return true;
  }

  void skip_deeper(std::size_t indent) {
    skips_deeper_ = true;
    skipped_indent_ = indent;
  }

  void value(std::size_t indent, std::string_view text) {
    const char first = text[0];
    if (first == '{' || first == '[') {
      show({});
      return count_brackets(text);
    }
    // An anchor or a tag may stand before a collection in block style.
    if (first == '&' || first == '!') return show({});
    skip_deeper(indent);
    if (first == '|' || first == '>' || first == '*') return show({});
    if (first == '"' || first == '\'') {
      const std::size_t close = closing_quote(text, first, 1);
      if (close == kNone) quote_ = first;
      return show(close == kNone ? std::string_view() : text.substr(0, close + 1));
    }
    show(continues(indent) ? std::string_view() : without_comment(text));
  }

  // A plain text goes on in the next line when that is indented deeper.
  bool continues(std::size_t indent) const {
    std::string_view ahead = rest_;
    while (const auto line = text::next_line(ahead)) {
      if (!is_idle(*line)) return line->find_first_not_of(' ') > indent;
    }
    return false;
  }

  void count_brackets(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '#' && i > 0 && kBlank.find(line[i - 1]) != kNone) return;
      if (c == '{' || c == '[') ++brackets_;
      if ((c == '}' || c == ']') && --brackets_ == 0) return;
      if (c != '"' && c != '\'') continue;
      const std::size_t close = closing_quote(line, c, i + 1);
      if (close == kNone) return;
      i = close;
    }
  }

  void show(std::string_view raw) const {
    YamlScalar scalar{raw, 0};
    for (std::size_t i = depth_; i > 0 && scalar.entry == 0; --i)
      scalar.entry = levels_[i - 1].entry;
    on_scalar_(YamlPath(keys_.data(), depth_), scalar);
  }

  std::string_view rest_;
  const OnScalar& on_scalar_;
  std::array<Level, kMaxYamlLevels> levels_{};
  std::array<std::string_view, kMaxYamlLevels> keys_{};
  std::size_t depth_ = 0;
  std::size_t brackets_ = 0;  // of a flow collection over several lines
  char quote_ = 0;            // of a text over several lines
  bool skips_deeper_ = false;
  std::size_t skipped_indent_ = 0;
};

std::optional<std::string> unescaped(std::string_view body) {
  constexpr std::string_view kEscapes = "\"\\/ ";
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\\' && (++i == body.size() || kEscapes.find(body[i]) == kNone)) {
      return std::nullopt;
    }
    out += body[i];
  }
  return out;
}

}  // namespace

std::optional<std::string> YamlScalar::text() const {
  if (raw.empty() || std::any_of(raw.begin(), raw.end(), is_control)) return std::nullopt;
  if (raw[0] == '"') return unescaped(raw.substr(1, raw.size() - 2));
  if (raw[0] != '\'') return raw == "~" || raw == "null" ? std::string() : std::string(raw);
  std::string out;
  for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
    out += raw[i];
    if (raw[i] == '\'') ++i;
  }
  return out;
}

void walk_block_yaml(std::string_view text, const OnScalar& on_scalar) {
  Walker(text, on_scalar).run();
}

}  // namespace edgehaul::identity
