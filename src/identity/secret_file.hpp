// SPDX-License-Identifier: Apache-2.0
// A file that may hold tokens, in memory of its own that is overwritten and given back when the
// object goes, stays out of core dumps and is never copied as a whole. Inside the room only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace edgehaul::identity {

class SecretFile {
 public:
  // Reads a regular file of at most `limit` bytes; more is Errc::too_large. Errors name the path
  // and nothing of the content.
  static Result<SecretFile> read(const std::string& path, std::size_t limit);

  SecretFile(SecretFile&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  SecretFile& operator=(SecretFile&&) = delete;
  ~SecretFile();

  std::string_view text() const { return {memory_, size_}; }

 private:
  SecretFile(char* memory, std::size_t capacity) : memory_(memory), capacity_(capacity) {}

  char* memory_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace edgehaul::identity
