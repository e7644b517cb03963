// SPDX-License-Identifier: Apache-2.0
// Detector: os.type, os.name, os.version, os.description and os.build_id out of os-release(5) and
// the kernel's release. Inside the room only.
#pragma once

#include <string>
#include <string_view>

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_os(const base::Roots& roots, Draft& draft);

// A value of os-release with the shell's quoting taken off: "…" with backslashes, '…' or bare.
std::string unquoted(std::string_view value);

}  // namespace edgehaul::identity
