// SPDX-License-Identifier: Apache-2.0
// Bytes read and not used yet, in one piece; memory is held only while there are any. One thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace edgehaul::http {

class InputBuffer {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  void consume(std::size_t count) {
    begin_ += count;
    if (empty()) begin_ = end_ = 0;
  }

  // Room for `size` bytes behind view(), which moves to the front.
  char* room(std::size_t size) {
    const std::size_t held = end_ - begin_;
    if (capacity_ < held + size) {
      std::unique_ptr<char[]> larger(new char[held + size]);
      if (held != 0) std::memcpy(larger.get(), bytes_.get() + begin_, held);
      bytes_ = std::move(larger);
      capacity_ = held + size;
    } else if (begin_ != 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
    return bytes_.get() + end_;
  }
  void filled(std::size_t count) { end_ += count; }

  // Gives memory back when there is more than `most` of it and nothing in it.
  void shrink(std::size_t most) {
    if (!empty() || capacity_ <= most) return;
    bytes_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace edgehaul::http
