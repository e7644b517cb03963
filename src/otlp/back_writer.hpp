// SPDX-License-Identifier: Apache-2.0
// Protobuf written from its end to its beginning: a message's length is known when its header is
// written, so nesting needs neither objects nor a second pass. The buffer is kept for the next
// message. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgehaul::otlp {

class BackWriter {
 public:
  void clear() { head_ = buffer_.size(); }
  std::size_t size() const { return buffer_.size() - head_; }
  std::string_view view() const { return {buffer_.data() + head_, size()}; }

  void put_raw(std::string_view bytes);
  void put_number(std::uint32_t field, std::uint64_t value);
  void put_fixed64(std::uint32_t field, std::uint64_t value);
  void put_double(std::uint32_t field, double value);
  void put_bytes(std::uint32_t field, std::string_view bytes);
  // A string field; bytes that are not UTF-8 become U+FFFD, for receivers refuse them.
  void put_text(std::uint32_t field, std::string_view text);

  // Everything written since size() was `mark` becomes a message in `field`.
  void wrap(std::uint32_t field, std::size_t mark);

 private:
  void put_varint(std::uint64_t value);
  void reserve(std::size_t more) {
    if (head_ < more) grow(more);
  }
  void grow(std::size_t more);

  std::vector<char> buffer_;
  std::size_t head_ = 0;
};

}  // namespace edgehaul::otlp
