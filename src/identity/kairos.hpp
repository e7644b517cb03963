// SPDX-License-Identifier: Apache-2.0
// Detector: kairos.*: release and boot state of the immutable image. Inside the room only.
#pragma once

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_kairos(const base::Roots& roots, Draft& draft);

}  // namespace edgehaul::identity
