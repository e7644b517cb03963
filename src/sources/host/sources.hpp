// SPDX-License-Identifier: Apache-2.0
// Makes all sources of this room that are switched on. They belong to the collect thread.
#pragma once

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/options.hpp"

namespace edgehaul::host {

// In the order in which they are read, always the same; `clock` must outlive them.
metric::Sources make_sources(const base::Roots& roots, const Options& options,
                             const base::Clock& clock);

}  // namespace edgehaul::host
