// SPDX-License-Identifier: Apache-2.0
#include "spool/engine.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace edgehaul::spool {

namespace {

// A lease of one signal gives up after so many records of others, once it has something; one of an
// origin does so in any case.
constexpr std::size_t kMaxSkipped = 4096;
constexpr std::size_t kMaxLeased = 100'000;  // per destination
constexpr std::size_t kMaxKey = 256;
constexpr std::size_t kMaxValue = 64U << 10;
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

// What a lease has gathered and whether it wants more.
struct Engine::Search {
  const Wanted& wanted;
  std::optional<Signal> signal;
  std::uint64_t bytes = 0;
  std::size_t skipped = 0;
  std::size_t records = 0;
  bool is_full = false;
  std::vector<Leased> rows;

  bool takes(const RowHead& head) {
    const bool is_known = head.kind == static_cast<std::uint8_t>(Kind::request) || head.is_frames();
    if (!is_known || head.signal < 1 || head.signal > 4 ||
        (signal && static_cast<std::uint8_t>(*signal) != head.signal) ||
        (wanted.origin && static_cast<std::uint8_t>(*wanted.origin) != head.origin)) {
      is_full = ++skipped > kMaxSkipped && (records > 0 || wanted.origin);
      return false;
    }
    return true;
  }
  // With one record more of this size.
  bool fits(std::uint64_t size) {
    if (records > 0 && bytes + size > wanted.max_bytes) is_full = true;
    return !is_full;
  }
  bool spans(RecordId id) const { return id > wanted.after && id < wanted.before; }

  void count(RecordId id, std::uint64_t size) {
    rows.back().ids.push_back(id);
    bytes += size;
    is_full = ++records >= wanted.max_records || bytes >= wanted.max_bytes;
  }
  Leased& add(const RowHead& head, std::string body) {
    signal = static_cast<Signal>(head.signal);
    Leased& leased = rows.emplace_back();
    static_cast<RowHead&>(leased.row) = head;
    leased.row.body = std::move(body);
    return leased;
  }
};

std::vector<Leased> Engine::lease(std::size_t index, const Wanted& wanted) {
  if (index >= ledger_.destinations().size() || wanted.max_records == 0) return {};
  if (ledger_.destinations()[index].leased.size() >= kMaxLeased) return {};
  for (int attempt = 0;; ++attempt) {
    Search search{wanted, wanted.signal, 0, 0, 0, false, {}};
    // Ids in memory are always greater than those on disk.
    const bool is_oldest = wanted.order == Order::oldest_first;
    if (!is_oldest) search_memory(index, search);
    if (store_ && !search.is_full) {
      auto found = search_disk(index, search);
      store_ ? store_->rest() : void();
      if (!found && overcome(found.error(), attempt)) continue;
    }
    if (is_oldest && !search.is_full) search_memory(index, search);
    for (const Leased& leased : search.rows) {
      for (const Part& part : parts_of(leased.row)) {
        const auto& ids = leased.ids;
        if (std::find(ids.begin(), ids.end(), part.id) != ids.end()) ledger_.lease(index, part);
      }
    }
    return std::move(search.rows);
  }
}

Result<void> Engine::search_disk(std::size_t index, Search& search) {
  const Wanted& wanted = search.wanted;
  const bool is_oldest = wanted.order == Order::oldest_first;
  RecordId after = wanted.after;
  RecordId before = std::min(wanted.before, kMaxId);
  const bool uses_hint = is_oldest && wanted.signal.has_value();
  const RecordId hint = uses_hint ? ledger_.hint(index, *wanted.signal) : 0;
  const bool raises_hint = uses_hint && after <= hint && !wanted.origin;
  if (hint > 0) after = std::max(after, hint - 1);
  RecordId last = after;
  auto row = store_->seek(wanted.order, after, before);
  while (row && *row && !search.is_full) {
    const RowHead& head = store_->head();
    const RecordId id = head.id;
    last = std::min(id, before - 1);
    if (head.is_frames()) {
      auto taken = search.takes(head) ? take_frames(index, search) : Result<void>();
      if (!taken) return taken;
    } else if (const RecordId end = ledger_.skip(index, id, wanted.order); end != 0 && end != id) {
      row = is_oldest ? store_->seek(wanted.order, end, before)
                      : store_->seek(wanted.order, after, end);
      continue;
    } else if (end == 0 && search.takes(head) && search.fits(head.size)) {
      auto body = store_->body();
      if (!body) return pass(std::move(body.error()));
      search.add(head, std::move(*body));
      search.count(id, head.size);
    }
    if (search.is_full) break;
    row = store_->next();
  }
  if (!row) return pass(std::move(row.error()));
  if (raises_hint) {
    const bool has_any = !search.rows.empty();
    ledger_.raise_hint(index, *wanted.signal, has_any ? search.rows.front().ids.front() : last + 1);
  }
  return {};
}

// Of the row at the store's cursor, what nobody has taken yet.
Result<void> Engine::take_frames(std::size_t index, Search& search) {
  const RowHead& head = store_->head();
  const bool is_oldest = search.wanted.order == Order::oldest_first;
  std::vector<Part> parts = parts_of(head);
  if (!is_oldest) std::reverse(parts.begin(), parts.end());
  bool has_row = false;
  for (const Part& part : parts) {
    if (!search.spans(part.id)) continue;
    if (ledger_.skip(index, part.id, search.wanted.order) != 0) continue;
    if (!search.fits(part.size)) return {};
    if (!has_row) {
      auto body = store_->body();
      if (!body) return pass(std::move(body.error()));
      if (!frame::is_readable(*body)) return {};  // of a newer edgehaul: it stays
      auto anchor = anchor_of_row();
      if (!anchor) return pass(std::move(anchor.error()));
      if (head.shape != 0 && !*anchor && salvage_) return {};  // it may still come
      search.add(head, std::move(*body)).anchor = std::move(*anchor);
      has_row = true;
    }
    search.count(part.id, part.size);
    if (search.is_full) return {};
  }
  return {};
}

// Null where it is inside, and where it is lost: the frame will say so.
Result<frame::AnchorPtr> Engine::anchor_of_row() {
  if (store_->head().shape == 0) return nullptr;
  auto anchor = shapes_.find(*store_, store_->head().shape);
  if (!anchor && anchor.error().code == Errc::absent) return nullptr;
  return anchor;
}

void Engine::search_memory(std::size_t index, Search& search) {
  const auto offer = [&](const StoredRecord& record) {
    if (record.id <= search.wanted.after || record.id >= search.wanted.before) return;
    if (ledger_.skip(index, record.id, search.wanted.order) != 0) return;
    if (!search.takes(record) || !search.fits(record.size)) return;
    search.add(record, record.body).anchor = record.anchor;
    search.count(record.id, record.size);
  };
  const auto& records = memory_.records();
  if (search.wanted.order == Order::oldest_first) {
    for (auto at = records.begin(); at != records.end() && !search.is_full; ++at) {
      offer(at->second);
    }
  } else {
    for (auto at = records.rbegin(); at != records.rend() && !search.is_full; ++at) {
      offer(at->second);
    }
  }
}

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
