// SPDX-License-Identifier: Apache-2.0
// Appending JSON to a string (RFC 8259), with OTLP's rules for numbers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edgehaul::otlp::json_text {

// In quotes; bytes that are not UTF-8 become U+FFFD.
void put_string(std::string& out, std::string_view text);
// 64-bit integers go as decimal strings (protobuf's JSON mapping).
void put_quoted(std::string& out, std::int64_t value);
void put_quoted(std::string& out, std::uint64_t value);
void put_number(std::string& out, std::int64_t value);
// Shortest form that reads back the same; "NaN", "Infinity" and "-Infinity" in quotes.
void put_double(std::string& out, double value);
void put_hex(std::string& out, std::string_view bytes);     // in quotes
void put_base64(std::string& out, std::string_view bytes);  // in quotes, padded

}  // namespace edgehaul::otlp::json_text
