// SPDX-License-Identifier: Apache-2.0
// One commit: what it contains and what follows from it.
#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::int64_t kAgeSaved = 3600;  // how far the age clock may fall back in a crash
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

bool Engine::owes() const {
  return (has_progress() && !may_wait()) || !aside_.empty() || !dirty_values_.empty() ||
         senders_.owes() || is_expiry_due();
}

bool Engine::has_progress() const {
  const auto& destinations = ledger_.destinations();
  return ledger_.done() != ledger_.lingering() ||
         std::any_of(destinations.begin(), destinations.end(),
                     [](const Ledger::Destination& one) { return one.is_dirty; });
}

// An agent whose link is up settles each tick before the next one comes. With a commit of its own
// that would be half of all that is written.
bool Engine::may_wait() const {
  const auto& settled = unwritten_settled_;
  return !options_.keep_peers && settled.bytes > 0 && settled.bytes <= kMaxUnwrittenSettled &&
         clock_.steady() - settled.since < kSettledWait;
}

Result<void> Engine::transact(std::vector<Append>* appends,
                              const std::vector<StoredRecord>* moved) {
  if (directory_.database_id() != database_id_) {
    // Commits into a file without a name would be lost without an error.
    directory_.release_lock();
    return fail(Errc::malformed, "the file was removed or replaced");
  }
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
  if (auto small = keep_log_small(pages * Store::kFrameBytes); !small) return small;
  std::vector<Drop> drops;
  const std::uint64_t rejected_before = counters_.dropped_rejected;
  auto transaction = Transaction::begin(store_->database());
  if (!transaction) return pass(std::move(transaction.error()));
  auto filled = fill(appends, moved, drops);
  store_->rest();
  if (filled) filled = transaction->commit();
  if (!filled) {
    senders_.forget_staged();
    counters_.dropped_rejected = rejected_before;
    shapes_.rolled_back();
    thinnings_.clear();
    std::fill(std::begin(dropped_to_), std::end(dropped_to_), 0);
    reserved_id_ = 0;
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

Losses Engine::losses() const {
  const std::uint64_t now[] = {counters_.dropped_size,     counters_.dropped_age,
                               counters_.dropped_corrupt,  counters_.dropped_memory,
                               counters_.dropped_rejected, counters_.dropped_thinned};
  auto sum = losses_before_;
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += now[i];
  return sum;
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

// Progress, values and the age clock; each is small.
Result<void> Engine::write_owed() {
  for (std::size_t i = 0; i < ledger_.destinations().size(); ++i) {
    const auto& destination = ledger_.destinations()[i];
    if (!destination.is_dirty) continue;
    auto done = store_->save_progress(destination.name, ledger_.progress(i));
    if (!done) return done;
  }
  for (const std::string& key : dirty_values_) {
    if (auto done = store_->save_value(key, values_[key]); !done) return done;
  }
  for (const auto& [name, value] : senders_.owed()) {
    auto done = value.empty() ? store_->drop_value(name) : store_->save_value(name, value);
    if (!done) return done;
  }
  const auto lost = losses();
  if (const auto sum = std::accumulate(lost.begin(), lost.end(), std::uint64_t{0});
      sum != losses_saved_) {
    auto done = store_->save_value(kLossesValue, fmt::format("{}", fmt::join(lost, " ")));
    if (!done) return done;
    losses_saved_ = sum;
  }
  if (age_now() - age_saved_ < kAgeSaved && age_saved_ != 0) return {};
  auto age = store_->save_value(kAgeValue, fmt::format("{} {}", age_now(), clock_.wall()));
  if (!age) return age;
  const auto oldest = store_->seek(Order::oldest_first, 0, kMaxId);
  if (!oldest) return pass(Error(oldest.error()));
  const RecordId first = *oldest ? store_->head().first() : next_id_;
  store_->rest();
  return store_->save_value(kFirstValue, fmt::format("{}", first));
}

// The row of the record, or the request it is when it lies among other frames.
Result<std::optional<StoredRecord>> Engine::copy_of(RecordId id) {
  auto row = store_->seek(Order::oldest_first, id - 1, id + 1);
  for (; row && *row && !ids_of(store_->head()).contains(id);)
    row = store_->next();
  if (!row) return pass(std::move(row.error()));
  if (!*row) return std::nullopt;
  StoredRecord copy;
  static_cast<RowHead&>(copy) = store_->head();
  auto body = store_->body();
  if (!body) return pass(std::move(body.error()));
  copy.body = std::move(*body);
  if (copy.is_frames()) {
    const auto anchor = anchor_of_row();
    if (!anchor) return pass(Error(anchor.error()));
    auto request = as_request(copy, *anchor, id);
    if (!request) return std::nullopt;
    copy = std::move(*request);
  }
  store_->rest();
  return copy;
}

Result<void> Engine::write_aside(std::vector<Drop>& drops) {
  for (Rejection& rejection : aside_) {
    if (!rejection.record) {
      auto copy = copy_of(rejection.id);
      if (!copy) return pass(std::move(copy.error()));
      if (!*copy) continue;
      rejection.record = std::move(**copy);
    }
    const std::uint64_t stored = rejection.record->stored;
    auto fits = make_room(Limits::pages_of(stored), true, drops);
    if (!fits) return pass(std::move(fits.error()));
    if (!*fits || stored > limits_.set_aside) {
      ++counters_.dropped_rejected;
      continue;
    }
    if (auto done = store_->set_aside(rejection); !done) return done;
  }
  if (aside_.empty()) return {};
  auto kept = store_->aside();
  if (!kept) return pass(std::move(kept.error()));
  if (kept->bytes <= limits_.set_aside) return {};
  auto gone = store_->drop_oldest_aside(kept->bytes - limits_.set_aside);
  if (!gone) return pass(std::move(gone.error()));
  counters_.dropped_rejected += *gone;
  return {};
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
  if (age_now() - age_saved_ >= kAgeSaved || age_saved_ == 0) age_saved_ = age_now();
  unwritten_settled_ = {};
  ++counters_.commits;
  last_commit_ = clock_.steady();
  if (appends == nullptr) return;
  for (const Append& append : *appends) {
    if (!append.outcome || *append.outcome == 0) continue;
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

// The table of shapes is out of reach: the frame takes along what it left out.
bool Engine::embed_anchor(Append& append) {
  StoredRecord& record = append.record;
  if (!append.anchor || record.shape == 0) return true;
  const auto frames = frame::decode_block(record.body, append.anchor.get());
  auto whole = frames ? pack(*frames, record.ids, record.born) : pass(Error(frames.error()));
  if (!whole) return false;
  record = std::move(*whole);
  return true;
}

// Peers' records were promised durability, so that only our own are kept.
void Engine::keep_in_memory(std::vector<Append>& appends) {
  for (Append& append : appends) {
    StoredRecord& record = append.record;
    if (record.origin == static_cast<std::uint8_t>(Origin::peer)) {
      append.outcome = fail(Errc::unavailable, "the spool cannot write: {}", trouble_);
      // Refused, and its row may be there: see give_id().
      if (record.id != 0) ledger_.discard_unheld(record.id);
      continue;
    }
    give_id(record);
    if (!embed_anchor(append) || record.stored + MemoryQueue::kOverhead > options_.memory_queue) {
      ++counters_.dropped_memory;
      append.outcome = fail(Errc::full, "larger than the memory queue: {}", trouble_);
      continue;
    }
    append.outcome = record.id;
    count_in(record, clock_.steady());
    memory_.add(std::move(record));
  }
  auto oldest = memory_.records().begin();
  while (memory_.bytes() > options_.memory_queue && oldest != memory_.records().end()) {
    const RowHead head = oldest->second;
    ++oldest;
    if (ledger_.is_leased(head.id)) continue;
    static_cast<void>(memory_.take(head.id));
    ledger_.drop(head);
    ++counters_.dropped_memory;
  }
}

}  // namespace edgehaul::spool
