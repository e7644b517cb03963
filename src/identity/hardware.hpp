// SPDX-License-Identifier: Apache-2.0
// Detector: hw.vendor, hw.model and hw.serial_number, from DMI or the device tree. Inside the room
// only.
#pragma once

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

void detect_hardware(const base::Roots& roots, Draft& draft);

}  // namespace edgehaul::identity
