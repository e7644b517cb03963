// SPDX-License-Identifier: Apache-2.0
// Detector: OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME (OpenTelemetry specification, resource
// SDK, "Specifying resource information via an environment variable"). Inside the room only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

// "k1=v1,k2=v2" with percent-encoding. Any fault spoils the whole variable, as the specification
// wants it.
Result<std::vector<std::pair<std::string, std::string>>> parse_resource_attributes(
    std::string_view variable);

void detect_environment(std::string_view attributes, std::string_view service, Draft& draft);

}  // namespace edgehaul::identity
