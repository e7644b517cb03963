// SPDX-License-Identifier: Apache-2.0
#include "sources/host/devices.hpp"

#include <memory>

#include "sources/host/connections.hpp"
#include "sources/host/disk.hpp"
#include "sources/host/edac.hpp"
#include "sources/host/emmc.hpp"
#include "sources/host/filesystem.hpp"
#include "sources/host/link.hpp"
#include "sources/host/mdraid.hpp"
#include "sources/host/netstat.hpp"
#include "sources/host/network.hpp"
#include "sources/host/offload.hpp"
#include "sources/host/sensors.hpp"
#include "sources/host/statfs.hpp"
#include "sources/host/time.hpp"

namespace edgehaul::host {

metric::Sources make_device_sources(const base::Roots& roots, const DeviceOptions& options,
                                    const base::Clock& clock) {
  metric::Sources sources;
  const auto offload = std::make_shared<Offload>();
  if (options.disk.enabled) sources.push_back(std::make_unique<Disk>(roots, options.disk));
  if (options.filesystem.enabled) {
    sources.push_back(
        std::make_unique<Filesystem>(roots, options.filesystem, offload, make_statfs(roots)));
  }
  if (options.network.enabled) sources.push_back(std::make_unique<Network>(roots, options.network));
  if (options.connections.enabled)
    sources.push_back(std::make_unique<Connections>(roots, options.connections, clock));
  if (options.link.enabled) sources.push_back(std::make_unique<Link>(roots, options.link));
  if (options.netstat.enabled) sources.push_back(std::make_unique<Netstat>(roots));
  if (options.sensors.enabled)
    sources.push_back(std::make_unique<Sensors>(roots, options.sensors, clock, offload));
  if (options.time.enabled) sources.push_back(std::make_unique<Time>(make_adjtimex(roots)));
  if (options.mdraid.enabled) sources.push_back(std::make_unique<Mdraid>(roots, options.mdraid));
  if (options.edac.enabled) sources.push_back(std::make_unique<Edac>(roots, options.edac, clock));
  if (options.emmc.enabled) sources.push_back(std::make_unique<Emmc>(roots, options.emmc, clock));
  return sources;
}

}  // namespace edgehaul::host
