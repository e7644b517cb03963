// SPDX-License-Identifier: Apache-2.0
// What a commit writes beside records: progress, rejected records, values, losses, the age clock;
// and when there is enough of it for a commit of its own.
#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::int64_t kAgeSaved = 3600;  // how far the age clock may fall back in a crash

}  // namespace

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

bool Engine::is_age_due() const {
  return age_saved_ == 0 || age_now() - age_saved_ >= kAgeSaved;
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
  if (!is_age_due()) return {};
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

}  // namespace edgehaul::spool
