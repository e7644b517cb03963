// SPDX-License-Identifier: Apache-2.0
// What a cgroup uses as points: of its container's resource, or of the host's with its path.
// Collect thread.
#pragma once

#include "metric/batch.hpp"
#include "sources/cgroup/devices.hpp"
#include "sources/cgroup/member.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

void add_points(metric::Batch& batch, const Node& node, const Member& member, Devices& devices);

}  // namespace edgehaul::cgroup
