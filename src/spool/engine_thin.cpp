// SPDX-License-Identifier: Apache-2.0
// Thinning: under pressure the oldest ticks of our own lose every second one of them, as often as
// the configured coarsest step allows, before any record goes as a whole. Counters are cumulative
// and keep their totals; what falls out are values in between.
#include <algorithm>
#include <cmath>

#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::size_t kResolutions = 16;
constexpr std::chrono::seconds kBetweenLooks{60};
constexpr int kTries = 16;  // at blocks that turn out not to be worth it

// Which of the frames stay: every second one, counted from the newest, and those that would leave a
// longer step than `coarsest` (blocks that became one may have had different ones).
std::vector<bool> every_second_of(const std::vector<frame::Frame>& frames,
                                  std::chrono::nanoseconds coarsest) {
  std::vector<bool> stays(frames.size(), true);
  for (std::size_t i = frames.size() % 2; i + 1 < frames.size(); i += 2) {
    const base::UnixNanos behind = frames[i + 1].time - frames[i].time;
    // What lies before the first is not known; a step like the next one, most likely.
    const base::UnixNanos before = i > 0 ? frames[i].time - frames[i - 1].time : behind;
    stays[i] = std::chrono::nanoseconds(before + behind) > coarsest;
  }
  return stays;
}

// The mean time between the frames of a block.
std::chrono::nanoseconds step_of(const RowHead& block) {
  const auto steps = static_cast<std::int64_t>(block.ids.count()) - 1;
  return std::chrono::nanoseconds(steps > 0 ? (block.until - block.time) / steps : 0);
}

}  // namespace

bool Engine::may_thin(const RowHead& row) const {
  return row.ids.count() > 1 && 2 * step_of(row) <= options_.thin_coarsest;
}

// The oldest block that may still be thinned, and the one behind it if that may be, too: together
// they become one of the usual size. Empty when nothing is left to thin.
Result<std::vector<RowHead>> Engine::find_thinnable() {
  std::vector<RowHead> rows;
  std::uint64_t stored = 0;
  bool is_prefix = true;
  auto row = store_->seek_frames(thinned_to_);
  for (; row && *row && rows.size() < 2; row = store_->next()) {
    const RowHead& head = store_->head();
    if (may_thin(head) && !ledger_.is_leased(head) &&
        stored + head.stored <= limits_.largest_block()) {
      rows.push_back(head);
      stored += head.stored;
    } else if (!rows.empty()) {
      break;
    }
    is_prefix = is_prefix && rows.empty() && head.ids.count() > 1 && !may_thin(head);
    if (is_prefix) thinned_to_ = head.id;
  }
  store_->rest();
  if (!row) return pass(std::move(row.error()));
  return rows;
}

// Within the open transaction; what it means for the ledger waits in thinnings_. False: there is
// nothing to thin.
Result<bool> Engine::thin() {
  if (options_.thin_coarsest.count() == 0 || count_next_ != 0 || salvage_) return false;
  std::uint64_t written = 0;
  for (const Thinning& thinning : thinnings_)
    written += thinning.after.stored;
  if (written > limits_.largest_block() / 2 || thinnings_.size() >= kThinningsPerCommit) {
    return false;
  }
  for (int tries = 0; tries < kTries; ++tries) {
    auto rows = find_thinnable();
    if (!rows) return pass(std::move(rows.error()));
    if (rows->empty()) return false;
    Thinning thinning;
    auto block = every_second(*rows, thinning);
    if (!block) return pass(std::move(block.error()));
    if (*block) {
      IdSet gone;
      for (const RowHead& head : thinning.before)
        gone = joined(std::move(gone), head.ids);
      auto erased = store_->erase(gone);
      if (!erased) return pass(std::move(erased.error()));
      if (auto done = store_->insert(**block); !done) return pass(std::move(done.error()));
      thinning.after = **block;
      thinnings_.push_back(std::move(thinning));
      return true;
    }
    // It cannot be read, or would not get smaller.
    thinned_to_ = std::max(thinned_to_, rows->front().id);
  }
  return false;
}

// One block of every second frame of the rows, the newest of each among them. Nothing when that
// gains nothing.
Result<std::optional<StoredRecord>> Engine::every_second(const std::vector<RowHead>& rows,
                                                         Thinning& thinning) {
  std::vector<frame::Frame> kept;
  frame::Capacity capacity;
  IdSet ids;
  std::uint64_t stored = 0;
  for (const RowHead& head : rows) {
    auto row = store_->seek_frames(head.id - 1);
    if (!row) return pass(std::move(row.error()));
    auto frames = *row ? read_frames() : fail(Errc::absent, "gone");
    store_->rest();
    if (!frames) break;
    const auto all = head.ids.list();
    const std::vector<bool> stays = every_second_of(*frames, options_.thin_coarsest);
    IdSet wanted;
    bool fits = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!stays[i] || ledger_.done().contains(all[i])) continue;
      fits = fits && capacity.takes((*frames)[i]);
      wanted.add(all[i]);
    }
    if (!fits) break;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (wanted.contains(all[i])) kept.push_back(std::move((*frames)[i]));
    }
    ids = joined(std::move(ids), wanted);
    stored += head.stored;
    thinning.before.push_back(head);
  }
  if (kept.empty()) return std::nullopt;
  auto block = pack(kept, ids, thinning.before.back().born);
  if (!block) return pass(std::move(block.error()));
  if (block->stored >= stored) return std::nullopt;
  return std::move(*block);
}

void Engine::thinned() {
  for (const Thinning& thinning : std::exchange(thinnings_, {})) {
    for (const RowHead& row : thinning.before) {
      const IdSet gone = without(row.ids, thinning.after.ids);
      counters_.dropped_thinned += without(gone, ledger_.done()).count();
    }
    ledger_.rewrite(thinning.before, thinning.after);
    are_resolutions_known_ = false;
  }
}

// How much time the blocks cover at which step, from fine to coarse.
void Engine::look_at_resolutions() {
  const base::Steady now = clock_.steady();
  if (!store_ || are_resolutions_known_ || now < next_look_) return;
  next_look_ = now + kBetweenLooks;
  are_resolutions_known_ = true;
  std::map<int, Resolution> found;
  auto row = store_->seek_frames(0);
  for (; row && *row; row = store_->next()) {
    const RowHead& head = store_->head();
    if (head.ids.count() < 2) continue;
    const double seconds = std::chrono::duration<double>(step_of(head)).count();
    Resolution& one = found[static_cast<int>(std::lround(std::log2(std::max(seconds, 1e-3))))];
    one.step_seconds = one.records == 0 ? seconds : std::min(one.step_seconds, seconds);
    one.from = one.records == 0 ? head.time : std::min(one.from, head.time);
    one.until = std::max(one.until, head.until);
    one.records += head.ids.count();
    if (found.size() > kResolutions) found.erase(std::prev(found.end()));
  }
  store_->rest();
  resolutions_.clear();
  for (const auto& [power, resolution] : found)
    resolutions_.push_back(resolution);
}

}  // namespace edgehaul::spool
