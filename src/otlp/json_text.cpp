// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp::json_text {

namespace {

constexpr char kHex[] = "0123456789abcdef";

template <class Number>
void put_plain(std::string& out, Number value) {
  char raw[32];
  const auto end = std::to_chars(raw, raw + sizeof raw, value).ptr;
  out.append(raw, end);
}

void put_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7F) {
    out += c;
    return;
  }
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 0xF];
}

}  // namespace

void put_string(std::string& out, std::string_view text) {
  if (!text::is_utf8(text)) return put_string(out, text::to_utf8(text));
  out += '"';
  for (const char c : text)
    put_escaped(out, c);
  out += '"';
}

void put_quoted(std::string& out, std::int64_t value) {
  out += '"';
  put_plain(out, value);
  out += '"';
}

void put_quoted(std::string& out, std::uint64_t value) {
  out += '"';
  put_plain(out, value);
  out += '"';
}

void put_number(std::string& out, std::int64_t value) {
  put_plain(out, value);
}

void put_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    put_plain(out, value);
  }
}

void put_hex(std::string& out, std::string_view bytes) {
  out += '"';
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 0xF];
  }
  out += '"';
}

void put_base64(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out += '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= have ? kDigits[group >> (18 - 6 * k) & 0x3F] : '=';
  }
  out += '"';
}

}  // namespace edgehaul::otlp::json_text
