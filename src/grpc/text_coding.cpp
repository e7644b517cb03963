// SPDX-License-Identifier: Apache-2.0
// The percent coding of grpc-message.
#include "base/text.hpp"
#include "grpc/call.hpp"

namespace edgehaul::grpc {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

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

}  // namespace edgehaul::grpc
