// SPDX-License-Identifier: Apache-2.0
// The loss window: where the operator prefers a disk that is written less often to the last
// seconds before a power cut, ticks of our own wait in memory, for so long and within a bound. They
// have ids and are leased from there; those that are settled in time never touch the disk.
#include <algorithm>

#include "spool/engine.hpp"

namespace edgehaul::spool {

// Peers were promised durability, a new anchor has to be on disk before what is told from it, and
// an id that could be given out again after a crash may not be settled.
bool Engine::may_hold(const std::vector<Append>& appends) const {
  if (options_.loss_window.count() == 0 || is_memory() || !store_ || salvage_ || appends.empty() ||
      is_window_over() || next_id_ + appends.size() > reserved_id_) {
    return false;
  }
  std::uint64_t bytes = memory_.bytes();
  return std::all_of(appends.begin(), appends.end(), [&](const Append& append) {
    bytes += append.record.stored + MemoryQueue::kOverhead;
    return append.anchor && append.record.id == 0 && shapes_.has(append.record.shape) &&
           bytes <= std::min(options_.memory_queue, limits_.commit / 2);
  });
}

void Engine::hold(std::vector<Append>& appends) {
  if (memory_.empty()) held_since_ = clock_.steady();
  for (Append& append : appends) {
    give_id(append.record);
    append.outcome = append.record.id;
    count_in(append.record, clock_.steady());
    append.record.anchor = std::move(append.anchor);
    memory_.add(std::move(append.record));
  }
}

bool Engine::is_window_over() const {
  return !is_memory() && !memory_.empty() && clock_.steady() - held_since_ >= options_.loss_window;
}

// What waits in memory while the disk is well; it goes first into the next commit that adds
// records.
std::vector<StoredRecord> Engine::held_back() const {
  std::vector<StoredRecord> records;
  for (const auto& [id, record] : memory_.records())
    records.push_back(record);
  return records;
}

void Engine::on_disk(const std::vector<StoredRecord>& records) {
  for (const StoredRecord& record : records) {
    loose_frames_ += record.is_frames() ? 1U : 0U;
    static_cast<void>(memory_.take(record.id));
  }
}

}  // namespace edgehaul::spool
