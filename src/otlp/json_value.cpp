// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_value.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

using schema::Field;
using schema::Kind;

constexpr double kTwo63 = 9223372036854775808.0;

// A whole number that a JSON number or decimal string says; exponents and ".0" are allowed.
template <class Number>
std::optional<Number> whole(const JsonValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    Number number{};
    if (text::parse_into(*text, number)) return number;
    const auto real = text::parse_double(*text);
    return real ? whole<Number>(JsonValue(*real)) : std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (!std::in_range<Number>(*number)) return std::nullopt;
    return static_cast<Number>(*number);
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    if (!std::in_range<Number>(*number)) return std::nullopt;
    return static_cast<Number>(*number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    const double top = std::is_signed_v<Number> ? kTwo63 : 2 * kTwo63;
    const double bottom = std::is_signed_v<Number> ? -kTwo63 : 0;
    if (!(*real >= bottom && *real < top) || std::trunc(*real) != *real) return std::nullopt;
    if constexpr (sizeof(Number) == 8) return static_cast<Number>(*real);
    return whole<Number>(JsonValue(static_cast<std::int64_t>(*real)));
  }
  return std::nullopt;
}

std::optional<double> real(const JsonValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*number);
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return std::nullopt;
  if (*text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (*text == "Infinity") return std::numeric_limits<double>::infinity();
  if (*text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return text::parse_double(*text);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool unhex(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high << 4 | low);
  }
  return true;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;  // protobuf's JSON mapping takes the URL-safe alphabet too
  if (c == '/' || c == '_') return 63;
  return -1;
}

bool unbase64(std::string_view text, std::string& out) {
  out.clear();
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return true;
}

void put_tag(std::string& out, const Field& field) {
  wire::put_varint(out, static_cast<std::uint64_t>(field.number) << 3 |
                            static_cast<std::uint64_t>(schema::wire_type(field.kind)));
}

void put_fixed(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xFF);
}

// The scalar as the bits that go on the wire; nullopt: not a value of this kind.
std::optional<std::uint64_t> bits_of(Kind kind, const JsonValue& value) {
  const auto as_bits = [](auto number) -> std::optional<std::uint64_t> {
    if (!number) return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(*number));
  };
  switch (kind) {
    case Kind::boolean: {
      const bool* flag = std::get_if<bool>(&value);
      return flag == nullptr ? std::nullopt : std::optional<std::uint64_t>(*flag ? 1 : 0);
    }
    case Kind::int32:
    case Kind::enumeration:
      return as_bits(whole<std::int32_t>(value));
    case Kind::sint32: {
      const auto number = whole<std::int32_t>(value);
      if (!number) return std::nullopt;
      return static_cast<std::uint32_t>(*number) << 1 ^ static_cast<std::uint32_t>(*number >> 31);
    }
    case Kind::int64:
    case Kind::sfixed64:
      return as_bits(whole<std::int64_t>(value));
    case Kind::uint32:
    case Kind::fixed32:
      return as_bits(whole<std::uint32_t>(value));
    case Kind::uint64:
    case Kind::fixed64:
      return whole<std::uint64_t>(value);
    case Kind::real: {
      const auto number = real(value);
      return number ? std::optional(std::bit_cast<std::uint64_t>(*number)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::string_view put_string(std::string& out, const Field& field, const JsonValue& value,
                            std::string& scratch) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return "not a string";
  std::string_view bytes = *text;
  if (field.kind == Kind::id) {
    if (!unhex(bytes, scratch)) return "not hexadecimal";
    bytes = scratch;
  } else if (field.kind == Kind::bytes) {
    if (!unbase64(bytes, scratch)) return "not base64";
    bytes = scratch;
  }
  wire::put_bytes(out, field.number, bytes);
  return {};
}

}  // namespace

std::string json_name(std::string_view field_name) {
  std::string out;
  bool is_upper = false;
  for (const char c : field_name) {
    if (c == '_') {
      is_upper = true;
    } else {
      out += is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      is_upper = false;
    }
  }
  return out;
}

const schema::Field* find_by_json_name(const schema::Message& message, std::string_view key) {
  for (const Field& field : message.fields) {
    std::size_t at = 0;
    bool is_upper = false;
    bool is_same = true;
    for (const char c : field.name) {
      if (c == '_') {
        is_upper = true;
        continue;
      }
      const char wanted = is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      is_upper = false;
      if (at >= key.size() || key[at++] != wanted) {
        is_same = false;
        break;
      }
    }
    if (is_same && at == key.size()) return &field;
  }
  return nullptr;
}

std::string_view put_field(std::string& out, const schema::Field& field, const JsonValue& value,
                           bool is_packed, std::string& scratch) {
  switch (field.kind) {
    case Kind::message:
    case Kind::opaque:
      return "an object is expected";
    case Kind::text:
    case Kind::bytes:
    case Kind::id:
      return put_string(out, field, value, scratch);
    default:
      break;
  }
  const auto bits = bits_of(field.kind, value);
  if (!bits) return field.kind == Kind::boolean ? "not true or false" : "not such a number";
  if (!is_packed) put_tag(out, field);
  switch (schema::wire_type(field.kind)) {
    case wire::Type::fixed64:
      put_fixed(out, *bits, 8);
      break;
    case wire::Type::fixed32:
      put_fixed(out, *bits, 4);
      break;
    default:
      wire::put_varint(out, *bits);
  }
  return {};
}

}  // namespace edgehaul::otlp
