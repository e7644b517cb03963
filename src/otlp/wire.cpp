// SPDX-License-Identifier: Apache-2.0
#include "otlp/wire.hpp"

#include <bit>
#include <cstring>

#include "base/text.hpp"

namespace edgehaul::otlp::wire {

static_assert(std::endian::native == std::endian::little, "fixed fields are read as they lie");

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

Fault Reader::read_fixed(std::uint64_t& value, std::size_t width) {
  if (static_cast<std::size_t>(end_ - at_) < width) return Fault::cut_short;
  value = 0;
  std::memcpy(&value, at_, width);
  at_ += width;
  return Fault::none;
}

Fault Reader::read_payload(Token& token) {
  switch (token.type) {
    case Type::varint:
      return read_varint(token.value);
    case Type::fixed64:
      return read_fixed(token.value, 8);
    case Type::fixed32:
      return read_fixed(token.value, 4);
    case Type::length: {
      std::uint64_t length = 0;
      if (const Fault fault = read_short(length); fault != Fault::none) return fault;
      if (length > static_cast<std::size_t>(end_ - at_)) return Fault::past_end;
      token.bytes = {at_, static_cast<std::size_t>(length)};
      at_ += length;
      return Fault::none;
    }
    case Type::group_begin:
    case Type::group_end:
      return Fault::group;
  }
  return Fault::bad_tag;
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

bool is_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & kHighBits) != 0) return text::is_utf8(text.substr(i));
  }
  for (; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) return text::is_utf8(text.substr(i));
  }
  return true;
}

}  // namespace edgehaul::otlp::wire
