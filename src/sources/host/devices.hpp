// SPDX-License-Identifier: Apache-2.0
// Makes the sources of disks, file systems, network and sensors that are switched on, in the order
// in which they are read. The sources belong to the collect thread; `clock` must outlive them.
#pragma once

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"

namespace edgehaul::host {

metric::Sources make_device_sources(const base::Roots& roots, const DeviceOptions& options,
                                    const base::Clock& clock);

}  // namespace edgehaul::host
