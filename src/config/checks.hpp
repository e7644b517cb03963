// SPDX-License-Identifier: Apache-2.0
// What no single key can know: checks across keys and of the files they name, and the completion of
// what is derived (endpoints, the spool's directory and destinations). Reads files' first bytes.
#pragma once

#include "config/bind.hpp"
#include "config/fault.hpp"

namespace edgehaul::config {

// Moves the drafts into the configuration, complete.
Config finish(Bound bound, Faults& faults);

}  // namespace edgehaul::config
