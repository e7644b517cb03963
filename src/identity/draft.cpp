// SPDX-License-Identifier: Apache-2.0
#include "identity/draft.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "identity/attributes.hpp"

namespace edgehaul::identity {

namespace {

// The longest prefix within `limit` that does not end inside a character; `text` is valid UTF-8.
std::string_view whole_prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80)
    --limit;
  return text.substr(0, limit);
}

void drop(metric::Attributes& attributes, std::string_view key) {
  std::erase_if(attributes, [key](const auto& entry) { return entry.first == key; });
}

}  // namespace

void Draft::set(std::string_view origin, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  if (key.empty() || key.size() > kMaxKey || !text::is_utf8(key)) {
    return note(
        fmt::format("{}: an attribute with a key that is empty, not UTF-8 or longer than "
                    "{} bytes is left out",
                    origin, kMaxKey));
  }
  std::string valid = text::to_utf8(value);
  if (valid.size() > kMaxValue) {
    note(fmt::format("{}: {} is cut to {} bytes", origin, key, kMaxValue));
    valid = whole_prefix(valid, kMaxValue);
  }
  drop(identity_.details, key);
  auto& attributes = identity_.attributes;
  const auto known = std::find_if(attributes.begin(), attributes.end(),
                                  [key](const auto& entry) { return entry.first == key; });
  if (known != attributes.end()) {
    known->second = std::move(valid);
  } else if (attributes.size() < kMaxAttributes) {
    attributes.emplace_back(key, std::move(valid));
  } else {
    note(fmt::format("{}: {} is left out, there are {} attributes already", origin, key,
                     kMaxAttributes));
  }
}

void Draft::erase(std::string_view key) {
  drop(identity_.attributes, key);
  drop(identity_.details, key);
}

void Draft::sort_out(const Choice& choice) {
  metric::Attributes found;
  found.swap(identity_.attributes);
  for (auto& attribute : found) {
    const Place place = place_of(attribute.first, choice);
    if (place == Place::resource) {
      identity_.attributes.push_back(std::move(attribute));
    } else if (place == Place::info) {
      identity_.details.push_back(std::move(attribute));
    }
  }
}

}  // namespace edgehaul::identity
