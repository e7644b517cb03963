// SPDX-License-Identifier: Apache-2.0
// Detector: maas.*: how MAAS knows this machine, out of what cloud-init left (instance-data.json in
// its redacted, world-readable form). Inside the room only.
#pragma once

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_maas(const base::Roots& roots, Draft& draft);

}  // namespace edgehaul::identity
