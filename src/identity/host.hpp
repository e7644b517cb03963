// SPDX-License-Identifier: Apache-2.0
// Detector: host.name, host.id and host.arch (OpenTelemetry semantic conventions, host). Inside
// the room only.
#pragma once

#include <string_view>

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_host(const base::Roots& roots, Draft& draft);

// "x86_64" → "amd64"; names without a conventional one stay as they are.
std::string_view conventional_arch(std::string_view machine);

// machine-id(5): 32 hexadecimal digits, not all zero. Images ship it empty or as "uninitialized".
bool is_machine_id(std::string_view text);

}  // namespace edgehaul::identity
