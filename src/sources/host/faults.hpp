// SPDX-License-Identifier: Apache-2.0
// The host's sources count their faults as all sources do.
#pragma once

#include "metric/faults.hpp"

namespace edgehaul::host {
using metric::Faults;
}  // namespace edgehaul::host
