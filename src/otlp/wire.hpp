// SPDX-License-Identifier: Apache-2.0
// The protobuf wire format: a bounded reader over bytes of strangers, and appending. Groups are
// refused (OTLP has none). Never allocates but in the put_ functions. Pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace edgehaul::otlp::wire {

enum class Type : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  length = 2,
  group_begin = 3,
  group_end = 4,
  fixed32 = 5,
};

enum class Fault : std::uint8_t { none, cut_short, past_end, long_varint, bad_tag, group };
std::string_view words(Fault fault);

struct Token {
  std::uint32_t number = 0;  // field number
  Type type = Type::varint;
  std::uint64_t value = 0;  // of varint and fixed types
  std::string_view bytes;   // of length type
  std::string_view raw;     // the whole field with its tag
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* at() const { return at_; }

  // The next field. After a fault the reader must not be used again.
  [[nodiscard]] Fault next(Token& token) {
    const char* begin = at_;
    std::uint64_t tag = 0;
    if (const Fault fault = read_short(tag); fault != Fault::none) return fault;
    token.number = static_cast<std::uint32_t>(tag >> 3);
    token.type = static_cast<Type>(tag & 7);
    if (token.number == 0) return Fault::bad_tag;
    const Fault fault = read_payload(token);
    token.raw = {begin, static_cast<std::size_t>(at_ - begin)};
    return fault;
  }

  // The same where the tag is known to be one byte and of this type; only type, value and bytes are
  // set.
  [[nodiscard]] Fault next_of(Type type, Token& token) {
    ++at_;
    token.type = type;
    return read_payload(token);
  }

  // Elements of packed fields.
  [[nodiscard]] Fault read_varint(std::uint64_t& value) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return Fault::none;
    }
    return read_long_varint(value, kMaxVarintBytes);
  }
  [[nodiscard]] Fault read_fixed(std::uint64_t& value, std::size_t width);

 private:
  static constexpr int kMaxVarintBytes = 10;
  // Tags and lengths are 32-bit numbers; parsers refuse more than five bytes for them.
  static constexpr int kMaxShortBytes = 5;

  Fault read_short(std::uint64_t& value) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return Fault::none;
    }
    return read_long_varint(value, kMaxShortBytes);
  }
  Fault read_long_varint(std::uint64_t& value, int max_bytes);
  Fault read_payload(Token& token);

  const char* at_;
  const char* end_;
};

static_assert(std::endian::native == std::endian::little, "fixed fields are read as they lie");

inline Fault Reader::read_fixed(std::uint64_t& value, std::size_t width) {
  if (static_cast<std::size_t>(end_ - at_) < width) return Fault::cut_short;
  value = 0;
  std::memcpy(&value, at_, width);
  at_ += width;
  return Fault::none;
}

// A chain and no switch: a processor guesses the way through it better than a jump through a table.
inline Fault Reader::read_payload(Token& token) {
  if (token.type == Type::length) {
    std::uint64_t length = 0;
    if (const Fault fault = read_short(length); fault != Fault::none) return fault;
    if (length > static_cast<std::size_t>(end_ - at_)) return Fault::past_end;
    token.bytes = {at_, static_cast<std::size_t>(length)};
    at_ += length;
    return Fault::none;
  }
  if (token.type == Type::fixed64) return read_fixed(token.value, 8);
  if (token.type == Type::varint) return read_varint(token.value);
  if (token.type == Type::fixed32) return read_fixed(token.value, 4);
  const bool is_group = token.type == Type::group_begin || token.type == Type::group_end;
  return is_group ? Fault::group : Fault::bad_tag;
}

// Zigzag of sint32 and sint64.
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void put_varint(std::string& out, std::uint64_t value);
void put_number(std::string& out, std::uint32_t field, std::uint64_t value);
void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes);

}  // namespace edgehaul::otlp::wire
