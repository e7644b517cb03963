// SPDX-License-Identifier: Apache-2.0
// Faults as lines for people: `FILE:12: forward[0].timeout = 5parsecs: not a duration (try 30s)`.
// Pure.
#pragma once

#include <string>

#include "config/fault.hpp"

namespace edgehaul::config {

std::string fault_line(const Fault& fault);  // without a newline; at most some 400 bytes

// One line for each fault at least as severe as `least`.
std::string report(const Faults& faults, Severity least);

// "2 errors, 1 warning"; "no faults" when there are none.
std::string summary(const Faults& faults);

}  // namespace edgehaul::config
