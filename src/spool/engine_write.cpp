// SPDX-License-Identifier: Apache-2.0
// One commit: what it contains and what follows from it.
#include <algorithm>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

// A crash may leave as many ids unused.
constexpr RecordId kIdsReserved = 1000;

// Adds what is missing of a slice to `rest`.
void add_missing(const Batch& batch, const Slice& slice, std::string_view bytes,
                 const IdSet& places, NewRecord& rest) {
  if (places.empty()) return;
  if (places == places_of(slice) || !batch.cut) {
    rest.body += bytes;
    rest.items += slice.items;
  } else {
    rest.body += batch.cut(slice, bytes, places);
    rest.items += static_cast<std::uint32_t>(places.count());
  }
}

}  // namespace

// What must be written beside a record.
struct Engine::Place {
  std::vector<Store::ShapeRow> shapes;  // that the table lacks
};

void Engine::write(std::vector<Append>& appends) {
  std::vector<Append> none;
  if (may_hold(appends)) {
    hold(appends);
    return write(none);
  }
  if (appends.empty() && !owes() && !is_window_over()) return;
  for (int attempt = 0; !is_memory(); ++attempt) {
    const bool adds = !appends.empty() || is_window_over();
    const auto held = adds ? held_back() : std::vector<StoredRecord>();
    auto done = transact(&appends, &held);
    if (done) return on_disk(held);
    for (Append& append : appends)
      append.outcome = RecordId{0};
    if (!overcome(done.error(), attempt)) break;
  }
  if (!is_memory()) degrade("the file cannot be written");
  keep_in_memory(appends);
}

// Of the log, at most, but for what goes to make room.
std::uint64_t Engine::pages_of_commit(const std::vector<Append>* appends,
                                      const std::vector<StoredRecord>* moved) const {
  std::uint64_t pages = 2 * Limits::kReservePages + ledger_.done().ranges().size();
  if (appends != nullptr) {
    for (const Append& append : *appends) {
      pages += Limits::pages_of(append.record.stored);
      // Its anchor may come along, with a shape.
      if (append.anchor && !shapes_.has(append.record.shape)) {
        pages += std::size(Store::kShapeTables) *
                 Limits::pages_of(append.anchor->shape->form().size() / 4 +
                                  8 * append.anchor->numbers.size());
      }
    }
  }
  if (moved != nullptr) {
    for (const StoredRecord& record : *moved)
      pages += Limits::pages_of(record.stored);
  }
  return pages;
}

Result<void> Engine::transact(std::vector<Append>* appends,
                              const std::vector<StoredRecord>* moved) {
  if (directory_.database_id() != database_id_) {
    // Commits into a file without a name would be lost without an error.
    directory_.release_lock();
    return fail(Errc::malformed, "the file was removed or replaced");
  }
  const std::uint64_t pages = pages_of_commit(appends, moved);
  if (auto small = keep_log_small(pages * Store::kFrameBytes); !small) return small;
  std::vector<Drop> drops;
  const std::uint64_t rejected_before = counters_.dropped_rejected;
  auto transaction = Transaction::begin(store_->database());
  if (!transaction) return pass(std::move(transaction.error()));
  auto filled = fill(appends, moved, drops);
  store_->rest();
  if (filled) filled = transaction->commit();
  if (!filled) {
    counters_.dropped_rejected = rejected_before;
    rolled_back();
    return filled;
  }
  committed(appends, drops);
  if (store_->wal_bytes() >= limits_.log_soft) {
    // Not finishing it (a reader looks on) is no failure of this commit; a full disk is a reason to
    // free the ballast while it still covers what the log holds.
    const auto emptied = store_->database().checkpoint(false);
    if (!emptied && emptied.error().code == Errc::full) static_cast<void>(give_way());
  }
  return {};
}

void Engine::rolled_back() {
  senders_.forget_staged();
  shapes_.rolled_back();
  thinnings_.clear();
  std::fill(std::begin(dropped_to_), std::end(dropped_to_), 0);
  reserved_id_ = 0;
}

Result<void> Engine::fill(std::vector<Append>* appends, const std::vector<StoredRecord>* moved,
                          std::vector<Drop>& drops) {
  if (auto done = write_aside(drops); !done) return done;
  auto lingering = store_->erase(ledger_.done());
  if (!lingering) return pass(std::move(lingering.error()));
  ledger_.set_lingering(std::move(*lingering));
  if (is_expiry_due()) {
    if (auto done = expire(drops); !done) return done;
  }
  if (moved != nullptr) {
    for (const StoredRecord& record : *moved) {
      auto place = find_place(record, record.anchor, drops);
      if (!place) return pass(std::move(place.error()));
      if (auto done = put(record, place->value_or(Place()), true); !done) return done;
    }
  }
  if (appends != nullptr) {
    for (Append& append : *appends) {
      if (auto done = insert(append, drops); !done) return done;
    }
  }
  return write_owed();
}

Result<void> Engine::insert(Append& append, std::vector<Drop>& drops) {
  const StoredRecord& packed = append.record;
  const std::shared_ptr<const Batch> batch = packed.batch;
  if (batch && !packed.is_cut && !drop_repeats(append.record)) {
    senders_.stage(*batch, clock_.wall());
    append.outcome = RecordId{0};
    return {};
  }
  if (packed.stored > limits_.largest_record()) {
    append.outcome = fail(Errc::too_large, "a record of {} bytes (packed) is over the bound of {}",
                          packed.stored, limits_.largest_record());
    return {};
  }
  auto place = find_place(packed, append.anchor, drops);
  if (!place) return pass(std::move(place.error()));
  if (!*place && is_tight_) return fail(Errc::full, "no space left on {}", directory_.path());
  if (!*place) {
    append.outcome = fail(Errc::full, "the spool is full ({} bytes)", limits_.max_size);
    return {};
  }
  const bool was_tried = append.record.id != 0;
  give_id(append.record);
  append.outcome = append.record.id;
  if (batch) senders_.stage(*batch, clock_.wall());
  return put(append.record, **place, was_tried);
}

// Makes room for a record and its anchor. Nothing: there is none, and nothing may go for it.
Result<std::optional<Engine::Place>> Engine::find_place(const StoredRecord& record,
                                                        const frame::AnchorPtr& anchor,
                                                        std::vector<Drop>& drops) {
  Place place;
  if (anchor) {
    auto missing = shapes_.missing(*store_, record.shape, anchor);
    if (!missing) return pass(std::move(missing.error()));
    place.shapes = std::move(*missing);
  }
  std::uint64_t pages = Limits::pages_of(record.stored);
  for (const Store::ShapeRow& shape : place.shapes)
    pages += std::size(Store::kShapeTables) * Limits::pages_of(shape.body.size());
  const bool is_peers = record.origin == static_cast<std::uint8_t>(Origin::peer);
  auto fits = make_room(pages, is_peers, drops);
  if (!fits) return pass(std::move(fits.error()));
  if (!*fits) return std::nullopt;
  return place;
}

Result<void> Engine::put(const StoredRecord& record, const Place& place, bool ignore_present) {
  for (const Store::ShapeRow& shape : place.shapes) {
    if (auto done = shapes_.save(*store_, shape); !done) return done;
  }
  if (record.is_frames() && record.id > reserved_id_) {
    reserved_id_ = record.id + kIdsReserved;
    if (auto done = store_->raise_last_id(reserved_id_); !done) return done;
  }
  return store_->insert(record, ignore_present);
}

// Takes out what a sender's earlier requests brought already; false: nothing is left.
bool Engine::drop_repeats(StoredRecord& record) const {
  const Batch& batch = *record.batch;
  std::vector<IdSet> missing;  // of each slice
  bool has_repeats = false;
  bool has_news = false;
  for (const Run& run : batch.runs) {
    for (const Slice& slice : run.slices) {
      missing.push_back(senders_.missing(batch, run, slice));
      has_repeats = has_repeats || missing.back() != places_of(slice);
      has_news = has_news || !missing.back().empty();
    }
  }
  if (!has_repeats || !has_news) return has_news;
  const auto body = plain_body(record);
  if (!body) return true;  // a repeat more rather than a record less
  NewRecord rest{
      static_cast<Signal>(record.signal), static_cast<Origin>(record.origin), record.time, 0, {}};
  std::string_view bytes = *body;
  auto places = missing.begin();
  for (const Run& run : batch.runs) {
    for (const Slice& slice : run.slices) {
      add_missing(batch, slice, bytes.substr(0, slice.length), *places++, rest);
      bytes.remove_prefix(slice.length);
    }
  }
  if (auto packed = pack(std::move(rest))) {
    packed->batch = std::move(record.batch);
    packed->is_cut = true;
    record = std::move(*packed);
  }
  return true;
}

// Once: a commit that failed may be on disk all the same (the log was written, its fsync reported
// an error), so that a second try must be the same row.
void Engine::give_id(StoredRecord& record) {
  if (record.id != 0) return;
  record.id = next_id_++;
  if (record.kind == static_cast<std::uint8_t>(Kind::frames)) record.ids.add(record.id);
  record.born = age_now();
  seal(record);
}

void Engine::committed(std::vector<Append>* appends, const std::vector<Drop>& drops) {
  thinned();
  for (const Drop& drop : drops) {
    const IdSet lost = without(ids_of(drop.head), ledger_.done());
    (drop.is_aged ? counters_.dropped_age : counters_.dropped_size) += lost.count();
    ledger_.drop(drop.head);
  }
  shapes_.committed();
  // While a damaged file is read, a settled record may still come out of it.
  const IdSet gone = without(ledger_.done(), ledger_.lingering());
  for (const IdRange& ids : gone.ranges()) {
    ledger_.erased({salvage_ ? std::max(ids.first, salvage_last_ + 1) : ids.first, ids.last});
  }
  for (std::size_t i = 0; i < ledger_.destinations().size(); ++i)
    ledger_.saved(i);
  dirty_values_.clear();
  senders_.saved();
  senders_.keep_staged();
  if (!aside_.empty()) {
    aside_.clear();
    if (auto kept = store_->aside()) aside_kept_ = *kept;
  }
  if (is_age_due()) age_saved_ = age_now();
  unwritten_settled_ = {};
  ++counters_.commits;
  last_commit_ = clock_.steady();
  if (appends == nullptr) return;
  hot_.cool(last_commit_);
  for (Append& append : *appends) {
    if (!append.outcome || *append.outcome == 0) continue;
    if (append.hot && !append.record.is_cut) {
      if (append.came_coded) append.hot.coded = std::move(append.record.body);
      hot_.add(append.record.id, std::move(append.hot), last_commit_);
    }
    count_in(append.record, last_commit_);
    loose_frames_ += append.record.is_frames() ? 1U : 0U;
  }
}

void Engine::count_in(const StoredRecord& record, base::Steady now) {
  ++counters_.appended;
  ledger_.hold(record);
  // A frame by what it will be in a block.
  const double share = record.is_frames() ? shrink_ : 1;
  rate_.add(static_cast<double>(record.stored) * share, now);
}

}  // namespace edgehaul::spool
