// SPDX-License-Identifier: Apache-2.0
// FNV-1a, 64 bit: stable between runs, so that series can be recognised after a restart. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace edgehaul::metric {

class Hash {
 public:
  void mix(std::string_view bytes) {
    for (const char c : bytes)
      step(static_cast<unsigned char>(c));
    step(0xFF);
  }
  void mix(std::int64_t number) {
    char raw[sizeof number];
    std::memcpy(raw, &number, sizeof number);
    mix(std::string_view(raw, sizeof raw));
  }
  std::uint64_t value() const { return value_; }

 private:
  void step(unsigned char byte) { value_ = (value_ ^ byte) * 1099511628211ULL; }
  std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace edgehaul::metric
