// SPDX-License-Identifier: Apache-2.0
#include "otlp/wire.hpp"

namespace edgehaul::otlp::wire {

std::string_view words(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "no fault";
    case Fault::cut_short:
      return "cut short";
    case Fault::past_end:
      return "length past the end";
    case Fault::long_varint:
      return "varint too long";
    case Fault::bad_tag:
      return "not a field tag";
    case Fault::group:
      return "group fields are not allowed";
  }
  return "fault";
}

Fault Reader::read_long_varint(std::uint64_t& value, int max_bytes) {
  std::uint64_t result = 0;
  for (int i = 0; i < max_bytes; ++i) {
    if (at_ == end_) return Fault::cut_short;
    const auto byte = static_cast<unsigned char>(*at_++);
    // The last byte a varint may have holds what is left of 64 (or 32) bits.
    if (i == 9 && byte > 1) return Fault::long_varint;
    if (i == 4 && max_bytes == kMaxShortBytes && byte > 0x0F) return Fault::long_varint;
    result |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      value = result;
      return Fault::none;
    }
  }
  return Fault::long_varint;
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  put_varint(out, std::uint64_t{field} << 3);
  put_varint(out, value);
}

void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_varint(out, std::uint64_t{field} << 3 | static_cast<unsigned>(Type::length));
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace edgehaul::otlp::wire
