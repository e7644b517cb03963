// SPDX-License-Identifier: Apache-2.0
// What to do when the disk does not do what it should, and the way back.
#include <algorithm>

#include "base/log.hpp"
#include "base/units.hpp"
#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::chrono::seconds kFirstRetry{1};
constexpr std::chrono::seconds kLastRetry{60};
constexpr std::chrono::seconds kRetryBallast{30};
constexpr std::chrono::seconds kIdleCheckpoint{60};
constexpr std::chrono::seconds kIdleLook{3600};
constexpr std::size_t kRowsPerSlice = 20'000;
constexpr int kAttempts = 4;

}  // namespace

// True: the cause may be gone, try again. False: it is not, or the spool is in memory now.
bool Engine::overcome(const Error& error, int attempt) {
  if (attempt >= kAttempts) {
    degrade(error.message);
    return false;
  }
  switch (error.code) {
    case Errc::malformed:
      return repair(error.message);
    case Errc::full:
      if (give_way()) return true;
      degrade(error.message);
      return false;
    case Errc::io:
      if (attempt == 0 && reopen()) return true;
      degrade(error.message);
      store_.reset();
      return false;
    default:
      degrade(error.message);
      return false;
  }
}

bool Engine::give_way() {
  if (!store_) return false;
  const auto pages = store_->pages();
  if (!pages) return false;
  if (pages->used + Limits::kReservePages >= max_pages_ && reserve_pages_ < max_pages_ / 8) {
    // Our own bound, met before the estimate said so: keep more free.
    reserve_pages_ *= 2;
    return true;
  }
  const bool was_tight = is_tight_;
  is_tight_ = true;
  directory_.release_ballast();
  set_page_limit();
  retry_at_ = clock_.steady() + kRetryBallast;
  if (was_tight) return false;
  log::warning("spool", "no space left on {}: the spool stays at {} and drops its oldest records",
               directory_.path(), units::format_bytes(pages->used * Store::kPageBytes));
  static_cast<void>(store_->database().checkpoint(false));
  return true;
}

bool Engine::reopen() {
  // After a failed fsync the kernel may report success for pages it has dropped: only a new handle,
  // which reads the log again, knows what is on disk.
  store_.reset();
  return open_store().has_value();
}

bool Engine::repair(std::string_view why) {
  store_.reset();
  if (auto moved = set_damaged_aside(why); !moved) {
    degrade(moved.error().message);
    return false;
  }
  const std::uint64_t held = ledger_.held().records;
  // What is settled and still to be erased lies in the file, too.
  const std::uint64_t on_disk =
      held - std::min(held, memory_.records().size()) + ledger_.done().count();
  salvage_expected_ = count_next_ == 0 ? on_disk : 0;
  count_next_ = 0;
  ledger_.forget_counts();
  for (const auto& [id, record] : memory_.records())
    ledger_.hold(record);
  auto opened = open_store();
  if (opened && !salvage_) counters_.dropped_corrupt += std::exchange(salvage_expected_, 0);
  if (!opened) degrade(opened.error().message);
  return opened.has_value();
}

void Engine::degrade(std::string_view why) {
  const base::Steady now = clock_.steady();
  if (!is_memory()) {
    mode_ = Mode::memory;
    backoff_ = kFirstRetry;
    log::error("spool", "{}; keeping own records in memory (at most {}), refusing peers'; retrying",
               why, units::format_bytes(options_.memory_queue));
  }
  trouble_ = std::string(why);
  retry_at_ = now + backoff_;
  backoff_ = std::min(backoff_ * 2, kLastRetry);
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

void Engine::recover() {
  if (!store_) {
    if (auto opened = open_store(); !opened) {
      store_.reset();
      degrade(opened.error().message);
      return;
    }
  }
  if (is_tight_) try_ballast();
  const std::size_t moved = memory_.records().size();
  if (!move_memory()) return;
  mode_ = Mode::durable;
  trouble_.clear();
  backoff_ = kFirstRetry;
  log::info("spool", "writing to {} again; {} records moved from memory", directory_.path(), moved);
}

bool Engine::move_memory() {
  do {
    std::vector<StoredRecord> batch;
    std::uint64_t bytes = 0;
    for (const auto& [id, record] : memory_.records()) {
      if (bytes > limits_.commit) break;
      bytes += record.stored;
      batch.push_back(record);
    }
    auto done = transact(nullptr, &batch);
    if (!done) {
      const bool is_room = done.error().code == Errc::full;
      if (done.error().code == Errc::malformed) {
        static_cast<void>(repair(done.error().message));
      } else if (is_room) {
        static_cast<void>(give_way());
      } else {
        store_.reset();
      }
      degrade(done.error().message);
      return false;
    }
    for (const StoredRecord& record : batch)
      static_cast<void>(memory_.take(record.id));
  } while (!memory_.empty());
  return true;
}

bool Engine::tend() {
  const base::Steady now = clock_.steady();
  bool has_changed = salvage_.has_value() || count_next_ != 0;
  if (is_memory() && now >= retry_at_) {
    recover();
    has_changed = true;
  }
  count_rows(kRowsPerSlice);
  salvage_slice();
  hot_.cool(now);
  if (is_memory() || !store_) return has_changed;
  if (is_tight_ && now >= retry_at_) try_ballast();
  if (is_packing_due()) pack_frames();
  if (is_expiry_due() || is_window_over()) {
    std::vector<Append> none;
    write(none);
    has_changed = true;
  }
  return tidy_up() || has_changed;
}

void Engine::try_ballast() {
  retry_at_ = clock_.steady() + kRetryBallast;
  if (directory_.free_bytes() < 2 * limits_.ballast || !directory_.hold_ballast(limits_.ballast)) {
    return;
  }
  is_tight_ = false;
  set_page_limit();
  log::info("spool", "there is space on {} again", directory_.path());
}

// When nothing has come for a while.
bool Engine::tidy_up() {
  if (!store_ || is_memory() || is_tight_ || store_->wal_bytes() == 0 ||
      clock_.steady() - last_commit_ < kIdleCheckpoint) {
    return false;
  }
  static_cast<void>(store_->database().checkpoint(true));
  last_commit_ = clock_.steady();
  if (auto done = shrink(); !done) static_cast<void>(overcome(done.error(), 0));
  if (store_) store_->database().free_memory();
  return true;
}

std::optional<std::chrono::nanoseconds> Engine::idle_time() const {
  using std::chrono::nanoseconds;
  const base::Steady now = clock_.steady();
  std::optional<nanoseconds> least;
  const auto want = [&](nanoseconds wait) {
    wait = std::max(wait, nanoseconds(0));
    least = least ? std::min(*least, wait) : wait;
  };
  if (!is_memory() && store_ && (salvage_ || count_next_ != 0)) want(nanoseconds(0));
  if (is_memory() || is_tight_) want(retry_at_ - now);
  if (!is_memory() && store_ && !is_tight_ && store_->wal_bytes() > 0) {
    want(last_commit_ + kIdleCheckpoint - now);
  }
  if (!is_memory() && unwritten_settled_.bytes > 0 && has_progress()) {
    want(unwritten_settled_.since + kSettledWait - now);
  }
  if (const auto since = hot_.oldest()) want(*since + HotTail::kTime - now);
  if (!is_memory() && !memory_.empty()) want(held_since_ + options_.loss_window - now);
  if (!is_memory() && ledger_.held().records > 0) {
    want(std::clamp<nanoseconds>(std::chrono::seconds(next_expiry_ - age_now()),
                                 std::chrono::seconds(1), kIdleLook));
  }
  return least;
}

void Engine::close() {
  if (is_memory()) recover();
  std::vector<Append> none;
  age_saved_ = 0;
  if (!is_memory() && store_) {
    const auto held = held_back();
    if (transact(&none, &held)) on_disk(held);
    if (store_) static_cast<void>(store_->lower_last_id(next_id_ - 1));
    store_ ? static_cast<void>(store_->database().checkpoint(true)) : void();
    if (store_) store_->database().close_cleanly();
  }
  if (!memory_.empty()) {
    counters_.dropped_memory += memory_.records().size();
    log::error("spool", "stopping with {} records in memory: {}", memory_.records().size(),
               trouble_);
  }
  store_.reset();
}

}  // namespace edgehaul::spool
