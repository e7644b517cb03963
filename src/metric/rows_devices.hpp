// SPDX-License-Identifier: Apache-2.0
// Catalogue rows: disks, file systems, network, sensors and hardware health.
#pragma once

#include "metric/def.hpp"

namespace edgehaul::metric {

inline constexpr auto kDeviceRows = std::to_array<Def>({
    {"system.disk.io", "By", "Disk bytes transferred.", Kind::counter, Number::integer, true,
     "disk", "device, direction{read,write}", "/proc/diskstats fields 6 and 10 (512-byte sectors)"},
});

}  // namespace edgehaul::metric
