// SPDX-License-Identifier: Apache-2.0
// Attribute values and owned attribute lists (resources). Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace edgehaul::metric {

// The AnyValue kinds that telemetry of a host needs (OTLP common.v1 AnyValue).
using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

// Resource attributes in the order they are sent; keys are unique.
using Attributes = std::vector<std::pair<std::string, Value>>;

}  // namespace edgehaul::metric
