// SPDX-License-Identifier: Apache-2.0
// Bringing intact records over from a damaged file while the service goes on with a new one.
#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::uint32_t kPagesPerSlice = 512;
constexpr std::size_t kBytesPerSlice = 256U << 10;
constexpr std::size_t kDamagedFilesKept = 2;

}  // namespace

Result<void> Engine::begin_salvage(Store& store) {
  auto damaged = Salvage::open(directory_.salvaging());
  if (!damaged) {
    log::error("spool", "{}", damaged.error().message);
    static_cast<void>(
        directory_.finish_salvage(clock_.wall(), kDamagedFilesKept, limits_.max_size / 4));
    return {};
  }
  std::string_view saved = values_[std::string(kSalvageValue)];
  const auto position = text::parse_u64(text::next_field(saved)).value_or(0);
  auto last = text::parse_u64(text::next_field(saved)).value_or(0);
  salvage_first_ = text::parse_u64(text::next_field(saved)).value_or(0);
  std::vector<Store::ShapeRow> shapes;
  if (position > 0) {
    damaged->resume(static_cast<std::uint32_t>(position));
  } else {
    Salvage::Rest rest = damaged->read_rest();
    last = next_id_ > 1 ? next_id_ - 1 : rest.last_id;
    if (!is_loaded_) take_over(rest);
    salvage_first_ = text::parse_u64(values_[std::string(kFirstValue)]).value_or(0);
    shapes = std::move(rest.shapes);
  }
  salvage_last_ = last;
  next_id_ = std::max(next_id_, last + 1);
  values_[std::string(kSalvageValue)] =
      fmt::format("{} {} {}", std::max<std::uint64_t>(position, 1), last, salvage_first_);
  auto transaction = Transaction::begin(store.database());
  if (!transaction) return pass(std::move(transaction.error()));
  if (auto done = store.raise_last_id(last); !done) return done;
  for (const auto& [name, value] : values_) {
    if (auto done = store.save_value(name, value); !done) return done;
  }
  for (const Store::ShapeRow& shape : shapes) {
    if (shapes_.has(shape.id)) continue;
    if (auto done = shapes_.save(store, shape); !done) return done;
  }
  if (auto done = transaction->commit(); !done) return done;
  shapes_.committed();
  salvage_ = std::move(*damaged);
  return {};
}

void Engine::take_over(Salvage::Rest& rest) {
  take_values(std::move(rest.values));
  senders_.all_owed();
  for (std::size_t i = 0; i < ledger_.destinations().size(); ++i) {
    const auto settled = rest.settled.find(ledger_.destinations()[i].name);
    if (settled != rest.settled.end()) ledger_.restore(i, settled->second);
  }
  ledger_.find_done();
}

void Engine::salvage_slice() {
  if (!salvage_ || !store_ || is_memory()) return;
  bool has_more = true;
  if (salvaged_.empty()) has_more = salvage_->read(kBytesPerSlice, kPagesPerSlice, salvaged_);
  if (!insert_salvaged()) return;
  const base::Steady now = clock_.steady();
  if (progress_ && now - progress_at_ >= std::chrono::seconds(1)) {
    progress_at_ = now;
    progress_(fmt::format("bringing records over from a damaged spool: {} of {} pages",
                          salvage_->position(), salvage_->pages()));
  }
  if (!has_more) finish_salvage();
}

// False when it failed; the records wait for the next slice.
bool Engine::insert_salvaged() {
  auto done = write_salvaged();
  store_ ? store_->rest() : void();
  if (!done) {
    shapes_.rolled_back();
    static_cast<void>(overcome(done.error(), 0));
    return false;
  }
  salvaged_.clear();
  next_expiry_ = 0;
  ledger_.forget_hints(1);
  return true;
}

Result<void> Engine::write_salvaged() {
  std::uint64_t need = 2 * Limits::kReservePages;
  for (const StoredRecord& record : salvaged_)
    need += Limits::pages_of(record.stored);
  if (auto small = keep_log_small(need * Store::kFrameBytes); !small) return small;
  auto transaction = Transaction::begin(store_->database());
  if (!transaction) return pass(std::move(transaction.error()));
  std::vector<const StoredRecord*> kept;
  std::vector<RowHead> replaced;
  for (const Store::ShapeRow& shape : salvage_->shapes()) {
    if (shapes_.has(shape.id)) continue;
    if (auto done = shapes_.save(*store_, shape); !done) return done;
  }
  std::uint64_t refused = 0;
  for (const StoredRecord& record : salvaged_) {
    if (ledger_.done().contains(record.id)) continue;
    auto pages = store_->pages();
    if (!pages) return pass(std::move(pages.error()));
    const std::uint64_t room =
        pages->free + (max_pages_ > pages->used ? max_pages_ - pages->used : 0);
    // What is new goes before what is old.
    if (room < Limits::pages_of(record.stored) + reserve_pages_) {
      ++refused;
      continue;
    }
    if (auto done = replace_frames_in(record, replaced); !done) return done;
    if (auto in = store_->insert(record, true); !in) return in;
    if (store_->database().changes() > 0) kept.push_back(&record);
  }
  values_[std::string(kSalvageValue)] =
      fmt::format("{} {} {}", salvage_->position(), salvage_last_, salvage_first_);
  auto saved = store_->save_value(kSalvageValue, values_[std::string(kSalvageValue)]);
  if (!saved) return saved;
  if (auto done = transaction->commit(); !done) return done;
  shapes_.committed();
  salvage_->forget_shapes();
  for (const RowHead& row : replaced)
    ledger_.drop(row);
  for (const StoredRecord* record : kept)
    ledger_.hold(*record);
  counters_.salvaged += kept.size();
  counters_.dropped_size += refused;
  ++counters_.commits;
  last_commit_ = clock_.steady();
  return {};
}

// A block and the single frames it was made of may both come out of a file whose list of free
// pages is lost.
Result<void> Engine::replace_frames_in(const StoredRecord& block, std::vector<RowHead>& replaced) {
  if (!block.is_frames() || block.ids.count() == 1) return {};
  auto row = store_->seek_frames(block.first() - 1);
  for (; row && *row && store_->head().id < block.id; row = store_->next())
    replaced.push_back(store_->head());
  store_->rest();
  if (!row) return pass(std::move(row.error()));
  auto erased = store_->erase(block.ids);
  if (!erased) return pass(std::move(erased.error()));
  return {};
}

void Engine::finish_salvage() {
  if (salvage_) {
    std::uint64_t lost = salvage_->lost(salvage_first_, salvage_last_);
    if (salvage_expected_ > 0) {
      IdSet known = salvage_->intact();
      for (const IdRange& ids : ledger_.done().ranges()) {
        known.add(ids.first, std::min(ids.last, salvage_last_));
      }
      const std::uint64_t found = known.count();
      lost = salvage_expected_ > found ? salvage_expected_ - found : 0;
    }
    counters_.dropped_corrupt += lost;
    log::warning("spool", "{} records brought over from the damaged file, {} lost",
                 salvage_->intact().count(), lost);
    salvage_.reset();
  }
  salvaged_.clear();
  salvage_expected_ = 0;
  salvage_first_ = salvage_last_ = 0;
  values_[std::string(kSalvageValue)] = "";
  dirty_values_.emplace_back(kSalvageValue);
  counters_.quarantined_files =
      directory_.finish_salvage(clock_.wall(), kDamagedFilesKept, limits_.max_size / 4);
  if (store_) set_page_limit();
}

}  // namespace edgehaul::spool
