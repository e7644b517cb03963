// SPDX-License-Identifier: Apache-2.0
#include "sampler/tick.hpp"

#include <utility>

#include "base/log.hpp"

namespace edgehaul::sampler {

Tick::Tick(metric::Sources sources, const metric::Selection& selection, metric::Attributes host,
           const std::string& version)
    : encoder_(version) {
  replace(std::move(sources), selection, std::move(host));
}

void Tick::replace(metric::Sources sources, const metric::Selection& selection,
                   metric::Attributes host) {
  std::vector<SourceStats> stats;
  stats.reserve(sources.size());
  for (const auto& source : sources) {
    SourceStats fresh;
    fresh.name = source->name();
    for (const SourceStats& old : stats_) {
      if (old.name == fresh.name) fresh = old;
    }
    stats.push_back(std::move(fresh));
  }
  sources_ = std::move(sources);
  selection_ = selection;
  host_ = std::move(host);
  stats_ = std::move(stats);
}

void Tick::run(const base::Clock& clock, base::UnixNanos now, base::UnixNanos boot) {
  batch_.begin(now, boot, selection_);
  for (std::size_t i = 0; i < sources_.size(); ++i)
    read(*sources_[i], stats_[i], clock);
  for (const SourceStats& stats : stats_)
    report(stats);
  sequences_changed_ = sequences_.apply(batch_);
}

void Tick::read(metric::Source& source, SourceStats& stats, const base::Clock& clock) {
  const auto begun = clock.steady();
  const std::size_t points_before = batch_.points().size();
  const Result<void> done = source.read(batch_);
  stats.duration = clock.steady() - begun;
  stats.points = batch_.points().size() - points_before;
  if (done) {
    if (stats.state == SourceState::failing) {
      log::info("collect", "{}: readable again", stats.name);
    }
    stats.state = SourceState::good;
    stats.error.clear();
    stats.last_success = batch_.time();
    return;
  }
  const bool is_absent = done.error().code == Errc::absent;
  if (!is_absent) {
    ++stats.failures;
    if (stats.state != SourceState::failing) {
      log::warning("collect", "{}: {}; the other sources go on", stats.name, done.error().message);
    }
  }
  stats.state = is_absent ? SourceState::absent : SourceState::failing;
  stats.error = done.error().message;
}

// Sources that have nothing to read on this host stay silent, so that they cost no series.
void Tick::report(const SourceStats& stats) {
  static constexpr auto kSuccess = metric::id("edgehaul.source.success");
  static constexpr auto kDuration = metric::id("edgehaul.source.duration");
  if (stats.state == SourceState::absent) return;
  batch_.add(kSuccess, std::uint64_t{stats.state == SourceState::good}, {{"source", stats.name}});
  batch_.add(kDuration, std::chrono::duration<double>(stats.duration).count(),
             {{"source", stats.name}});
}

}  // namespace edgehaul::sampler
