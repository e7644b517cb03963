// SPDX-License-Identifier: Apache-2.0
// How the keys_*.cpp files write a row: the accessor's type picks the parser. Included by them
// only.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "config/keys.hpp"

namespace edgehaul::config {

inline std::uint64_t in_ms(std::chrono::milliseconds span) {
  return static_cast<std::uint64_t>(span.count());
}
inline Limits between(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  return {in_ms(least), in_ms(most)};
}

template <class Reference>
constexpr Type type_of() {
  if constexpr (std::is_same_v<Reference, bool&>) return Type::flag;
  if constexpr (std::is_same_v<Reference, std::uint64_t&>) return Type::size;
  if constexpr (std::is_same_v<Reference, std::chrono::milliseconds&>) return Type::duration;
  if constexpr (std::is_same_v<Reference, std::chrono::seconds&>) return Type::duration;
  if constexpr (std::is_same_v<Reference, std::string&>) return Type::text;
  if constexpr (std::is_same_v<Reference, std::vector<std::string>&>) return Type::list;
  if constexpr (std::is_same_v<Reference, Pairs&>) return Type::map;
  if constexpr (std::is_same_v<Reference, metric::Selection&>) return Type::metrics;
}

// `field` is a captureless lambda from a Slot to the member that the row sets.
template <class Field>
Key row(std::string path, Field field, std::string help, Limits limits = {}) {
  using Reference = std::invoke_result_t<Field, Slot>;
  Reference (*target)(Slot) = field;
  return {std::move(path), type_of<Reference>(), target, limits, std::move(help), false};
}

inline Key as(Type type, Key key) {
  key.type = type;
  return key;
}
inline Key secret(Key key) {
  key.is_secret = true;
  return key;
}

}  // namespace edgehaul::config
