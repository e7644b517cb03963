// SPDX-License-Identifier: Apache-2.0
// The snapshot in the Prometheus text format 0.0.4, for GET /metrics: how edgehaul itself fares,
// not the host's metrics. Pure.
#pragma once

#include <string>

#include "status/snapshot.hpp"

namespace edgehaul::status {

std::string to_prometheus(const Snapshot& snapshot);

}  // namespace edgehaul::status
