// SPDX-License-Identifier: Apache-2.0
// Room: what goes when the bound is reached or a record is too old, and the size of the log.
#include <algorithm>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

// In one transaction; more than the smallest rows that the largest record may push out.
constexpr std::size_t kMaxDrops = 200'000;
constexpr std::size_t kRowsPerExpiry = 4096;  // the rest follows with the next commit
constexpr std::size_t kRowsPerSearch = 20'000;

// Bytes of pages that a row leaves free, or nearly so.
std::uint64_t weight_of(const RowHead& head) {
  return head.stored < 4000 ? head.stored + 80 : Limits::pages_of(head.stored) * Store::kPageBytes;
}

}  // namespace

Result<bool> Engine::make_room(std::uint64_t pages, bool for_peer, std::vector<Drop>& drops) {
  for (;;) {
    auto now = store_->pages();
    if (!now) return pass(std::move(now.error()));
    const std::uint64_t room = now->free + (max_pages_ > now->used ? max_pages_ - now->used : 0);
    if (room >= pages + reserve_pages_) return true;
    const bool is_refused = options_.keep_peers && for_peer;
    if (!is_refused) {
      auto thinner = thin();
      if (!thinner) return thinner;
      if (*thinner) continue;
    }
    // A little more than needed: deletes are nearly free when they come in runs.
    const std::uint64_t missing = pages + reserve_pages_ - room + max_pages_ / 256;
    auto dropped = drop_by_priority(missing, drops);
    if (!dropped) return dropped;
    if (*dropped) continue;
    if (is_refused) return false;
    dropped = drop_oldest(missing, options_.keep_peers, drops);
    if (!dropped || !*dropped) return dropped;
  }
}

// Records of peers that the operator named. Where they lie among many others the search goes on
// from where it was, some rows for each call.
Result<bool> Engine::drop_by_priority(std::uint64_t pages, std::vector<Drop>& drops) {
  for (const Signal signal : options_.drop_first) {
    const auto is_meant = [signal](const RowHead& head) {
      return head.signal == static_cast<std::uint8_t>(signal) &&
             head.origin == static_cast<std::uint8_t>(Origin::peer);
    };
    RecordId& from = dropped_to_[static_cast<std::size_t>(signal)];
    auto dropped = drop_behind(from, kRowsPerSearch, pages, is_meant, drops);
    if (!dropped || *dropped) return dropped;
  }
  return false;
}

// False when nothing may go: all that is left is leased or not ours to drop.
Result<bool> Engine::drop_oldest(std::uint64_t pages, bool only_own, std::vector<Drop>& drops) {
  const auto is_meant = [only_own](const RowHead& head) {
    return !only_own || head.origin == static_cast<std::uint8_t>(Origin::own);
  };
  RecordId from = 0;
  return drop_behind(from, SIZE_MAX, pages, is_meant, drops);
}

// The oldest rows behind `from` that are meant and not leased, until so many pages are free or so
// many rows were looked at. `from` moves over what needs no second look. False: none went.
Result<bool> Engine::drop_behind(RecordId& from, std::size_t rows, std::uint64_t pages,
                                 const std::function<bool(const RowHead&)>& is_meant,
                                 std::vector<Drop>& drops) {
  IdSet ids;
  std::uint64_t bytes = 0;
  bool is_passed = true;
  auto row = store_->seek(Order::oldest_first, from, kMaxId);
  for (; row && *row && rows > 0 && bytes < pages * Store::kPageBytes && drops.size() < kMaxDrops;
       --rows) {
    const RowHead& head = store_->head();
    const bool may_go = is_meant(head);
    const bool is_leased = may_go && ledger_.is_leased(head);
    // A leased one may come back: the next search begins at it again.
    is_passed = is_passed && !is_leased;
    if (is_passed) from = head.id;
    if (may_go && !is_leased) {
      ids = joined(std::move(ids), ids_of(head));
      bytes += weight_of(head);
      drops.push_back({head, false});
    }
    row = store_->next();
  }
  store_->rest();
  if (!row) return row;
  if (ids.empty()) return false;
  if (auto done = store_->erase(ids); !done) return pass(std::move(done.error()));
  return true;
}

bool Engine::is_expiry_due() const {
  return ledger_.held().records > 0 && age_now() >= next_expiry_;
}

Result<void> Engine::expire(std::vector<Drop>& drops) {
  const std::int64_t max_age =
      std::chrono::duration_cast<std::chrono::seconds>(options_.max_age).count();
  const std::int64_t now = age_now();
  next_expiry_ = now + max_age;
  IdSet ids;
  auto row = store_->seek(Order::oldest_first, 0, kMaxId);
  for (; row && *row; row = store_->next()) {
    const RowHead& head = store_->head();
    // Ids ascend with age, salvaged ones too: the first young one ends the search.
    if (now - head.born <= max_age) {
      next_expiry_ = std::min(next_expiry_, head.born + max_age + 1);
      break;
    }
    if (drops.size() >= kRowsPerExpiry) {
      next_expiry_ = now;
      break;
    }
    if (ledger_.is_leased(head)) {
      next_expiry_ = std::min(next_expiry_, now + 60);
      continue;
    }
    ids = joined(std::move(ids), ids_of(head));
    drops.push_back({head, true});
  }
  store_->rest();
  if (!row) return pass(std::move(row.error()));
  auto erased = store_->erase(ids);
  if (!erased) return pass(std::move(erased.error()));
  return {};
}

Result<void> Engine::keep_log_small(std::uint64_t more) {
  if (store_->wal_bytes() + more <= limits_.log_hard || store_->wal_bytes() == 0) return {};
  auto moved = store_->database().checkpoint(false);
  if (moved || moved.error().code != Errc::unavailable) return moved;
  return fail(Errc::unavailable, "a reader holds the log of the spool open");
}

}  // namespace edgehaul::spool
