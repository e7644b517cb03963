// SPDX-License-Identifier: Apache-2.0
#include "spool/engine.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxValues = 1000;
constexpr std::size_t kMaxPendingAside = 256;

}  // namespace

Engine::Engine(const Options& options, const base::Clock& clock,
               std::function<void(std::string_view)> progress)
    : options_(options),
      limits_(Limits::of(options)),
      clock_(clock),
      progress_(std::move(progress)),
      directory_(options.directory),
      ledger_(options.destinations),
      retry_at_(clock.steady()),
      last_commit_(clock.steady()) {}

void Engine::settle(std::size_t index, const std::vector<RecordId>& ids, Outcome outcome,
                    std::string_view words) {
  if (index >= ledger_.destinations().size()) return;
  for (const RecordId id : ids) {
    if (outcome == Outcome::returned) {
      ledger_.give_back(index, id);
      continue;
    }
    const auto& leased = ledger_.destinations()[index].leased;
    const auto at = leased.find(id);
    const std::uint64_t bytes = at != leased.end() ? at->second.bytes : 0;
    if (!ledger_.settle(index, id)) continue;
    if (ledger_.done().contains(id)) hot_.erase(id);
    if (unwritten_settled_.bytes == 0) unwritten_settled_.since = clock_.steady();
    unwritten_settled_.bytes += bytes;
    if (outcome == Outcome::rejected) {
      Rejection rejection{id, ledger_.destinations()[index].name,
                          std::string(words.substr(0, 1024)), clock_.wall(), std::nullopt};
      const auto here = memory_.records().find(id);
      if (here != memory_.records().end()) {
        const StoredRecord& record = here->second;
        auto request = record.is_frames() ? as_request(record, record.anchor, id) : record;
        if (request) rejection.record = std::move(*request);
      }
      retire(std::move(rejection));
    }
    forget_memory(id);
  }
}

void Engine::retire(Rejection rejection) {
  aside_.push_back(std::move(rejection));
  std::uint64_t bytes = 0;
  for (const Rejection& one : aside_)
    bytes += one.record ? one.record->stored : 0;
  // Only while the disk fails: the words are lost, not the count.
  while (aside_.size() > 1 && (aside_.size() > kMaxPendingAside || bytes > options_.memory_queue)) {
    bytes -= aside_.front().record ? aside_.front().record->stored : 0;
    aside_.erase(aside_.begin());
    ++counters_.dropped_rejected;
  }
}

void Engine::forget_memory(RecordId id) {
  if (!ledger_.done().contains(id)) return;
  if (memory_.take(id).id != 0) ledger_.erased({id, id});
}

void Engine::discard_damaged(std::vector<StoredRecord> records) {
  for (StoredRecord& record : records) {
    log::error("spool", "record {}: damaged; set aside", format_ids(ids_of(record)));
    const IdSet lost = without(ids_of(record), ledger_.done());
    counters_.dropped_corrupt += lost.count();
    ledger_.discard(record);
    retire({record.id, "", "damaged: the CRC32C does not fit", clock_.wall(), std::move(record)});
  }
}

std::optional<std::string> Engine::value(std::string_view key) const {
  const auto at = values_.find(key);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

Result<void> Engine::set_value(std::string_view key, std::string_view value) {
  if (key.empty() || key.size() > kMaxKey || value.size() > kMaxValue ||
      (values_.size() >= kMaxValues && !values_.contains(key))) {
    return fail(Errc::too_large, "value {}: over the bounds of named values", key.substr(0, 64));
  }
  const auto at = values_.find(key);
  if (at != values_.end() && at->second == value) return {};
  values_.insert_or_assign(std::string(key), std::string(value));
  dirty_values_.emplace_back(key);
  return {};
}

Stats Engine::stats() {
  Stats stats = counters_;
  stats.mode = mode_;
  stats.trouble = trouble_;
  stats.held = ledger_.held();
  stats.max_size = limits_.max_size;
  stats.set_aside = aside_kept_.records + aside_.size();
  stats.dropped_ever = losses();
  look_at_resolutions();
  stats.resolutions = resolutions_;
  stats.unwritten = memory_.records().size();
  stats.bytes_per_second = rate_.per_second();
  for (const auto& destination : ledger_.destinations()) {
    stats.destinations.push_back(
        {destination.name, destination.waiting, 0, destination.leased.size()});
  }
  if (store_ && stats.bytes_per_second > 0) {
    if (const auto pages = store_->pages()) {
      const std::uint64_t grown = max_pages_ > pages->used ? max_pages_ - pages->used : 0;
      stats.hours_left = static_cast<double>((pages->free + grown) * Store::kPageBytes) /
                         stats.bytes_per_second / 3600;
    }
  }
  if (stats.held.records == 0) return stats;
  if (!memory_.empty()) stats.newest = memory_.records().rbegin()->second.time;
  add_times(stats);
  // They were looked at up to a minute ago, and the oldest may have gone since.
  std::erase_if(stats.resolutions, [&](const Resolution& one) { return one.until < stats.oldest; });
  for (Resolution& one : stats.resolutions) {
    if (one.from >= stats.oldest) continue;
    one.from = stats.oldest;
    const double span = static_cast<double>(one.until - one.from) / 1e9;
    const double records = one.step_seconds > 0 ? span / one.step_seconds + 1 : 1;
    one.records = std::min(one.records, static_cast<std::uint64_t>(records));
  }
  return stats;
}

// A fault while looking is left to the next write or lease, which can do something about it.
void Engine::add_times(Stats& stats) {
  const auto first_time = [&](const auto& skips) -> base::UnixNanos {
    RecordId after = 0;
    for (int hops = 0; store_ && hops < 1000; ++hops) {
      const auto row = store_->seek(Order::oldest_first, after, kMaxId);
      if (!row || !*row) break;
      const std::vector<Part> parts = parts_of(store_->head());
      for (const Part& part : parts) {
        if (skips(part.id) == 0) return part.time;
      }
      after = std::max(parts.back().id, skips(parts.back().id));
    }
    for (const auto& [id, record] : memory_.records()) {
      if (skips(id) == 0) return record.time;
    }
    return 0;
  };
  const auto end_in = [](const IdSet& ids, RecordId id) {
    const auto range = ids.range_of(id);
    return range ? range->last : 0;
  };
  stats.oldest = first_time([&](RecordId id) { return end_in(ledger_.done(), id); });
  for (std::size_t i = 0; i < stats.destinations.size(); ++i) {
    if (stats.destinations[i].waiting.records == 0) continue;
    stats.destinations[i].oldest = first_time([&](RecordId id) {
      return std::max(end_in(ledger_.done(), id), end_in(ledger_.destinations()[i].settled, id));
    });
  }
  if (!store_) return;
  const auto newest = store_->seek(Order::newest_first, 0, kMaxId);
  if (stats.newest == 0 && newest && *newest) stats.newest = parts_of(store_->head()).back().time;
  store_->rest();
}

}  // namespace edgehaul::spool
