// SPDX-License-Identifier: Apache-2.0
// A resource in the making: what detectors find and notes about what was left out. Keys are unique,
// the last word wins, everything is bounded and valid UTF-8. Inside the room only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.hpp"

namespace edgehaul::identity {

// The collector's and the SDKs' usual bounds. Servers copy each of these onto every point.
inline constexpr std::size_t kMaxKey = 256;
inline constexpr std::size_t kMaxValue = 1024;
inline constexpr std::size_t kMaxAttributes = 128;

class Draft {
 public:
  // Empty values are unknown ones and set nothing. `origin` is for notes: "configuration".
  void set(std::string_view origin, std::string_view key, std::string_view value);
  void erase(std::string_view key);
  // Moves what was found so far to where `choice` wants it. Later words are on the resource.
  void sort_out(const Choice& choice);
  void note(std::string text) { identity_.notes.push_back(std::move(text)); }

  Identity take() { return std::move(identity_); }

 private:
  Identity identity_;
};

}  // namespace edgehaul::identity
