// SPDX-License-Identifier: Apache-2.0
// Detector: palette.* and k8s.cluster.name, for hosts that Palette manages. Inside the room only.
#pragma once

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_palette(const base::Roots& roots, Draft& draft);

}  // namespace edgehaul::identity
