// SPDX-License-Identifier: Apache-2.0
// Catalogue rows: processors, load, memory, paging, processes and the system (reference: the
// collector's hostmetrics receiver, semantic conventions 1.9 names).
#pragma once

#include "metric/def.hpp"

namespace edgehaul::metric {

inline constexpr auto kHostRows = std::to_array<Def>({
    {"system.cpu.load_average.1m", "{thread}", "Average CPU load over 1 minute.", Kind::gauge,
     Number::real, true, "load", "", "/proc/loadavg column 1"},
});

}  // namespace edgehaul::metric
