// SPDX-License-Identifier: Apache-2.0
#include "metric/sequence.hpp"

#include <iterator>

#include <fmt/core.h>

#include "base/text.hpp"

namespace edgehaul::metric {

bool Sequences::apply(Batch& batch) {
  bool changed = false;
  ++tick_;
  for (Point& point : batch.points()) {
    if (def(point.metric).kind != Kind::counter) continue;
    const double value = point.is_real ? point.real : static_cast<double>(point.integer);
    auto [it, is_new] = series_.try_emplace(batch.series_hash(point));
    Series& series = it->second;
    if (series.moved_start != 0 && point.start > series.moved_start &&
        point.start != series.natural_start) {
      series.moved_start = 0;  // the source itself began a newer sequence
      changed = true;
    }
    const bool fell = !is_new && series.last_time != 0 && value < series.last_value &&
                      point.start == series.natural_start;
    if (fell) {
      series.moved_start = series.last_time < point.time ? series.last_time : point.time;
      ++resets_;
      changed = true;
    }
    series.natural_start = point.start;
    if (series.moved_start != 0) point.start = series.moved_start;
    series.last_value = value;
    series.last_time = point.time;
    series.seen = tick_;
  }
  if (tick_ % kForget == 0) {
    for (auto it = series_.begin(); it != series_.end();) {
      const bool forgotten = tick_ - it->second.seen >= kForget;
      changed = changed || (forgotten && it->second.moved_start != 0);
      it = forgotten ? series_.erase(it) : std::next(it);
    }
  }
  return changed;
}

std::string Sequences::save() const {
  std::string out;
  for (const auto& [hash, series] : series_) {
    if (series.moved_start == 0) continue;
    out += fmt::format("{:016x} {} {}\n", hash, series.natural_start, series.moved_start);
  }
  return out;
}

void Sequences::load(std::string_view saved) {
  while (auto line = text::next_line(saved)) {
    const auto hash = text::parse_u64(text::next_field(*line), 16);
    const auto natural = text::parse_i64(text::next_field(*line));
    const auto moved = text::parse_i64(text::next_field(*line));
    if (!hash || !natural || !moved) continue;
    Series& series = series_[*hash];
    series.natural_start = *natural;
    series.moved_start = *moved;
    series.seen = tick_;
  }
}

}  // namespace edgehaul::metric
