// SPDX-License-Identifier: Apache-2.0
#include "status/snapshot.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>

#include "base/units.hpp"

namespace edgehaul::status {
namespace {

// Two ticks may be missed before anybody worries, and a slow one gets half a minute.
constexpr double kPatienceTicks = 3;
constexpr double kPatienceSeconds = 30;
// Records that have waited so long are stuck, not on their way.
constexpr double kStuckSeconds = 3600;
constexpr double kWarnHours = 24;

// How long no tick has come although several were due; 0 when all is well.
double stalled_seconds(const Snapshot& snapshot) {
  const Sampling& sampling = snapshot.sampling;
  if (sampling.ticks == 0 || snapshot.program.is_stopping) return 0;
  const double silence = static_cast<double>(snapshot.now - sampling.last_tick) / 1e9;
  return silence > std::max(kPatienceSeconds, kPatienceTicks * sampling.interval) ? silence : 0;
}

// How soon the bound will bite a queue that nobody empties; -1 while that is far away.
double hours_to_loss(const Snapshot& snapshot) {
  const double waiting = static_cast<double>(snapshot.now - snapshot.spool.oldest) / 1e9;
  const bool is_stuck = snapshot.spool.oldest != 0 && waiting > kStuckSeconds;
  const double hours = snapshot.spool.hours_left;
  return is_stuck && hours >= 0 && hours < kWarnHours ? hours : -1;
}

}  // namespace

std::vector<std::string> troubles(const Snapshot& snapshot) {
  std::vector<std::string> found;
  if (snapshot.spool.mode == spool::Mode::memory) {
    found.push_back(fmt::format("spool: in memory only, {}", snapshot.spool.trouble));
  }
  if (const double hours = hours_to_loss(snapshot); hours >= 0) {
    found.push_back(fmt::format(
        "spool: full in {} at this rate, then samples are lost",
        units::format_duration(std::chrono::seconds(static_cast<std::int64_t>(hours * 3600)))));
  }
  if (const double silence = stalled_seconds(snapshot); silence > 0) {
    const std::chrono::seconds span(static_cast<std::int64_t>(silence));
    found.push_back(fmt::format("sampling: no tick for {}", units::format_duration(span)));
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
         stalled_seconds(snapshot) <= 0 && snapshot.spool.mode == spool::Mode::durable;
}

}  // namespace edgehaul::status
