// SPDX-License-Identifier: Apache-2.0
// `check --connect`: whether destinations take what will be sent to them. Sends each an empty
// request, which leaves no trace there. Main thread.
#pragma once

#include "config/config.hpp"

namespace edgehaul::cli {

// Prints a line for each destination and signal; true when all of them work.
bool connect(const config::Config& config);

}  // namespace edgehaul::cli
