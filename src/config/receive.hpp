// SPDX-License-Identifier: Apache-2.0
// Checks and completion of what a relay receives on: addresses, certificates, credentials. Reads
// the first bytes of the files that are named.
#pragma once

#include "config/bind.hpp"
#include "config/fault.hpp"

namespace edgehaul::config {

void check_receive(Config& config, const Places& places, Faults& faults);

}  // namespace edgehaul::config
