// SPDX-License-Identifier: Apache-2.0
#include "status/snapshot.hpp"

#include <fmt/core.h>

namespace edgehaul::status {

std::vector<std::string> troubles(const Snapshot& snapshot) {
  std::vector<std::string> found;
  if (snapshot.spool.mode == spool::Mode::memory) {
    found.push_back(fmt::format("spool: in memory only, {}", snapshot.spool.trouble));
  }
  for (const Source& source : snapshot.sampling.sources) {
    if (source.state == "failing") {
      found.push_back(fmt::format("source {}: {}", source.name, source.error));
    }
  }
  for (const Destination& destination : snapshot.destinations) {
    if (destination.state == "backing off" || destination.state == "held") {
      found.push_back(fmt::format("destination {}: {}", destination.name, destination.last_error));
    }
  }
  if (!snapshot.program.reload_fault.empty()) {
    found.push_back(fmt::format("reload refused: {}", snapshot.program.reload_fault));
  }
  return found;
}

std::string_view state(const Snapshot& snapshot) {
  if (snapshot.program.is_stopping) return "stopping";
  if (snapshot.sampling.ticks == 0) return "starting";
  return troubles(snapshot).empty() ? "running" : "degraded";
}

bool is_ready(const Snapshot& snapshot) {
  return !snapshot.program.is_stopping && snapshot.sampling.ticks > 0 &&
         snapshot.spool.mode == spool::Mode::durable;
}

}  // namespace edgehaul::status
