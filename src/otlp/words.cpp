// SPDX-License-Identifier: Apache-2.0
#include "otlp/words.hpp"

#include "base/text.hpp"

namespace edgehaul::otlp {

namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The longest prefix within `limit` that does not end inside a character.
std::size_t whole_prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  std::size_t length = limit;
  for (int i = 0; i < 3 && length > 0 && continues(text[length]); ++i)
    --length;
  return length;
}

}  // namespace

std::string bounded_words(std::string_view text) {
  std::string valid = text::to_utf8(text.substr(0, whole_prefix(text, kMaxWords)));
  valid.resize(whole_prefix(valid, kMaxWords));  // U+FFFD is longer than what it replaces
  return valid;
}

}  // namespace edgehaul::otlp
