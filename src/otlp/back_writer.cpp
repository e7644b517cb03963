// SPDX-License-Identifier: Apache-2.0
#include "otlp/back_writer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

constexpr std::size_t kFirstBytes = std::size_t{16} * 1024;

std::uint64_t tag(std::uint32_t field, wire::Type type) {
  return std::uint64_t{field} << 3 | static_cast<unsigned>(type);
}

}  // namespace

void BackWriter::grow(std::size_t more) {
  const std::size_t used = size();
  std::vector<char> larger(std::max({kFirstBytes, 2 * buffer_.size(), used + more}));
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(head_), buffer_.end(),
            larger.end() - static_cast<std::ptrdiff_t>(used));
  buffer_ = std::move(larger);
  head_ = buffer_.size() - used;
}

void BackWriter::put_raw(std::string_view bytes) {
  if (bytes.empty()) return;
  reserve(bytes.size());
  head_ -= bytes.size();
  std::memcpy(buffer_.data() + head_, bytes.data(), bytes.size());
}

void BackWriter::put_varint(std::uint64_t value) {
  if (value < 0x80) {  // tags and most lengths
    reserve(1);
    buffer_[--head_] = static_cast<char>(value);
    return;
  }
  char raw[10];
  std::size_t length = 0;
  for (; value >= 0x80; value >>= 7)
    raw[length++] = static_cast<char>(value | 0x80);
  raw[length++] = static_cast<char>(value);
  put_raw({raw, length});
}

void BackWriter::put_number(std::uint32_t field, std::uint64_t value) {
  put_varint(value);
  put_varint(tag(field, wire::Type::varint));
}

void BackWriter::put_fixed64(std::uint32_t field, std::uint64_t value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  put_raw({raw, sizeof raw});
  put_varint(tag(field, wire::Type::fixed64));
}

void BackWriter::put_double(std::uint32_t field, double value) {
  put_fixed64(field, std::bit_cast<std::uint64_t>(value));
}

void BackWriter::put_bytes(std::uint32_t field, std::string_view bytes) {
  const std::size_t mark = size();
  put_raw(bytes);
  wrap(field, mark);
}

void BackWriter::put_text(std::uint32_t field, std::string_view text) {
  if (text::is_utf8(text)) return put_bytes(field, text);
  put_bytes(field, text::to_utf8(text));
}

void BackWriter::wrap(std::uint32_t field, std::size_t mark) {
  put_varint(size() - mark);
  put_varint(tag(field, wire::Type::length));
}

}  // namespace edgehaul::otlp
