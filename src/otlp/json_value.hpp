// SPDX-License-Identifier: Apache-2.0
// One JSON scalar as one protobuf field, by the rules of OTLP's JSON encoding. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "otlp/schema.hpp"

namespace edgehaul::otlp {

using JsonValue = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

// "time_unix_nano" → "timeUnixNano".
std::string json_name(std::string_view field_name);
// The field with this lowerCamelCase key; nullptr: unknown. snake_case keys are unknown, as OTLP
// says.
const schema::Field* find_by_json_name(const schema::Message& message, std::string_view key);

// Appends the field (only its value when `is_packed`) to `out`. Returns what is wrong with the
// value, empty when all is well. `scratch` is memory to reuse.
std::string_view put_field(std::string& out, const schema::Field& field, const JsonValue& value,
                           bool is_packed, std::string& scratch);

}  // namespace edgehaul::otlp
