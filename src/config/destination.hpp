// SPDX-License-Identifier: Apache-2.0
// Checks and completion of one destination: endpoint, headers, TLS files, proxy, pauses. Reads the
// first bytes of the files that it names.
#pragma once

#include <string>

#include "config/bind.hpp"
#include "config/fault.hpp"

namespace edgehaul::config {

// `entry` is "forward[0]".
void check_destination(Draft& draft, const std::string& entry, const Places& places,
                       Faults& faults);

}  // namespace edgehaul::config
