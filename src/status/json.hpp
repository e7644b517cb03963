// SPDX-License-Identifier: Apache-2.0
// The snapshot as JSON, for GET /status and `edgehaul status --json`. Keys are stable: snake_case,
// times as RFC 3339 in UTC (null: never), durations in seconds, sizes in bytes. Pure.
#pragma once

#include <string>

#include "status/snapshot.hpp"

namespace edgehaul::status {

std::string to_json(const Snapshot& snapshot);

}  // namespace edgehaul::status
