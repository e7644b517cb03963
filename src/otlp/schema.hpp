// SPDX-License-Identifier: Apache-2.0
// The OTLP messages as field tables: what the walker checks, the cutter cuts along and the JSON
// view names. One table for all of them, so that they cannot disagree. Constant data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "otlp/signal.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp::schema {

enum class Kind : std::uint8_t {
  boolean,
  int32,
  uint32,
  sint32,
  int64,
  uint64,
  enumeration,
  fixed32,
  fixed64,
  sfixed64,
  real,  // double
  text,  // string: UTF-8
  bytes,
  id,      // trace and span ids: bytes, hexadecimal in JSON
  opaque,  // a message that is passed on without a look inside
  message,
};

enum class Role : std::uint8_t {
  plain,
  carrier,  // has items somewhere below it
  item,     // what is counted: data point, log record, span, profile
};

struct Message;

struct Field {
  std::uint8_t number;
  std::string_view name;
  Kind kind;
  bool is_repeated = false;
  bool is_choice = false;  // member of the message's oneof; no message has two
  Role role = Role::plain;
  const Message* child = nullptr;
};

// The wire type of one value (not packed).
constexpr wire::Type wire_type(Kind kind) {
  switch (kind) {
    case Kind::fixed64:
    case Kind::sfixed64:
    case Kind::real:
      return wire::Type::fixed64;
    case Kind::fixed32:
      return wire::Type::fixed32;
    case Kind::text:
    case Kind::bytes:
    case Kind::id:
    case Kind::opaque:
    case Kind::message:
      return wire::Type::length;
    default:
      return wire::Type::varint;
  }
}

struct Message {
  constexpr explicit Message(std::span<const Field> f) : fields(f) {
    for (std::size_t i = 0; i < f.size(); ++i) {
      const auto index = static_cast<std::uint8_t>(i + 1);
      slot[f[i].number] = index;
      const auto type = static_cast<std::size_t>(wire_type(f[i].kind));
      if (const std::size_t tag = f[i].number * 8U | type; tag < by_tag.size()) by_tag[tag] = index;
    }
  }
  // The field that this byte begins, where it is the whole tag and of the field's own wire type.
  const Field* find_tag(unsigned char tag) const {
    return tag < by_tag.size() && by_tag[tag] != 0 ? &fields[by_tag[tag] - 1U] : nullptr;
  }
  const Field* find(std::uint32_t number) const {
    if (number >= slot.size() || slot[number] == 0) return nullptr;
    return &fields[slot[number] - 1U];
  }

  std::span<const Field> fields;        // in field number order
  std::array<std::uint8_t, 17> slot{};  // by number: index + 1, 0 is unknown
  std::array<std::uint8_t, 128> by_tag{};
};

// Export…ServiceRequest.
const Message& request(Signal signal);

}  // namespace edgehaul::otlp::schema
