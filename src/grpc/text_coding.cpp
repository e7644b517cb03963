// SPDX-License-Identifier: Apache-2.0
// The two text codings of gRPC metadata: percent (grpc-message) and base64 (-bin headers).
#include <algorithm>

#include "base/text.hpp"
#include "grpc/call.hpp"

namespace edgehaul::grpc {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

}  // namespace

std::string percent_encode(std::string_view message) {
  std::string coded;
  coded.reserve(message.size());
  for (std::size_t i = 0; i < message.size(); ++i) {
    const unsigned byte = byte_at(message, i);
    if (byte >= 0x20 && byte <= 0x7E && byte != '%') {
      coded += message[i];
    } else {
      coded += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return coded;
}

std::string percent_decode(std::string_view coded) {
  std::string plain;
  plain.reserve(coded.size());
  while (!coded.empty()) {
    unsigned char byte = 0;
    if (coded.size() >= 3 && coded[0] == '%' && text::parse_into(coded.substr(1, 2), byte, 16)) {
      plain += static_cast<char>(byte);
      coded.remove_prefix(3);
    } else {
      plain += coded[0];
      coded.remove_prefix(1);
    }
  }
  return text::to_utf8(plain);
}

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

}  // namespace edgehaul::grpc
