// SPDX-License-Identifier: Apache-2.0
#include "identity/environment.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::size_t kMaxVariable = std::size_t{64} * 1024;

// RFC 3986: "+" is a plus.
Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size() || !text::parse_into(text.substr(i + 1, 2), byte, 16)) {
      return fail(Errc::malformed, "'%' without two hexadecimal digits");
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Result<std::pair<std::string, std::string>> parse_member(std::string_view member) {
  // Only the first '=' parts: an unencoded one in a value (Base64's end) is not ambiguous.
  const auto parts = text::split_once(member, '=');
  if (!parts) return fail(Errc::malformed, "no '='");
  auto key = percent_decoded(text::trim(parts->head));
  if (!key) return pass(std::move(key.error()));
  if (key->empty()) return fail(Errc::malformed, "no key before '='");
  if (key->size() > kMaxKey) return fail(Errc::malformed, "key longer than {} bytes", kMaxKey);
  auto value = percent_decoded(text::trim(parts->tail));
  if (!value) return pass(std::move(value.error()));
  if (value->size() > kMaxValue) {
    return fail(Errc::malformed, "value longer than {} bytes", kMaxValue);
  }
  return std::pair(std::move(*key), std::move(*value));
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_resource_attributes(
    std::string_view variable) {
  std::vector<std::pair<std::string, std::string>> attributes;
  if (variable.size() > kMaxVariable) {
    return fail(Errc::too_large, "longer than {} bytes", kMaxVariable);
  }
  if (text::trim(variable).empty()) return attributes;
  for (int position = 1;; ++position) {
    const auto parts = text::split_once(variable, ',');
    const std::string_view member = text::trim(parts ? parts->head : variable);
    // A comma too many at the end is a habit, not a fault.
    if (member.empty() && !parts) break;
    auto attribute = parse_member(member);
    if (!attribute) return within(fmt::format("entry {}", position), std::move(attribute.error()));
    attributes.push_back(std::move(*attribute));
    if (attributes.size() > kMaxAttributes) {
      return fail(Errc::too_large, "more than {} entries", kMaxAttributes);
    }
    if (!parts) break;
    variable = parts->tail;
  }
  return attributes;
}

void detect_environment(std::string_view attributes, std::string_view service, Draft& draft) {
  constexpr std::string_view kOrigin = "OTEL_RESOURCE_ATTRIBUTES";
  const auto parsed = parse_resource_attributes(attributes);
  if (parsed) {
    for (const auto& [key, value] : *parsed)
      draft.set(kOrigin, key, value);
  } else {
    draft.note(fmt::format("{} is ignored: {}", kOrigin, parsed.error().message));
  }
  draft.set("OTEL_SERVICE_NAME", "service.name", text::trim(service));
}

}  // namespace edgehaul::identity
