// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <algorithm>

namespace edgehaul::base {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

}  // namespace

std::string base64_encode(std::string_view bytes, bool padded) {
  std::string coded;
  coded.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned bits = byte_at(bytes, i) << 16;
    if (count > 1) bits |= byte_at(bytes, i + 1) << 8;
    if (count > 2) bits |= byte_at(bytes, i + 2);
    for (std::size_t digit = 0; digit <= count; ++digit)
      coded += kAlphabet[bits >> (18 - 6 * digit) & 0x3F];
    if (padded) coded.append(3 - count, '=');
  }
  return coded;
}

Result<std::string> base64_decode(std::string_view coded) {
  for (int padding = 0; padding < 2 && !coded.empty() && coded.back() == '='; ++padding)
    coded.remove_suffix(1);
  if (coded.size() % 4 == 1) return fail(Errc::malformed, "base64: {} digits", coded.size());
  std::string plain;
  plain.reserve(coded.size() / 4 * 3 + 2);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char digit : coded) {
    const std::size_t value = kAlphabet.find(digit);
    if (value == std::string_view::npos) return fail(Errc::malformed, "base64: foreign character");
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    plain += static_cast<char>(bits >> held & 0xFF);
  }
  return plain;
}

}  // namespace edgehaul::base
