// SPDX-License-Identifier: Apache-2.0
// Ticks become blocks: while nobody takes them, single frames on disk are recoded as few large
// rows, a hundred ticks and more in each, under the ids they have.
#include <algorithm>

#include "base/log.hpp"
#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

// A block is due with so many frames, or with so many points in at least a few of them: large
// enough that its shape and the start of its columns weigh little, small enough to be decoded with
// some megabytes.
constexpr std::size_t kFramesPerBlock = 360;
constexpr std::size_t kFramesAtLeast = 16;
constexpr std::uint64_t kPointsPerBlock = 86'000;
constexpr std::size_t kFramesPerTry = 16;

// Equal shapes as one object.
class Shared {
 public:
  frame::ShapePtr one_of(const frame::ShapePtr& shape) {
    for (const frame::ShapePtr& known : shapes_) {
      if (known->hash() == shape->hash() && known->form() == shape->form()) return known;
    }
    return shapes_.emplace_back(shape);
  }

 private:
  std::vector<frame::ShapePtr> shapes_;
};

}  // namespace

// Rows of one frame each, in a run.
struct Engine::Loose {
  std::vector<RowHead> rows;
  std::uint64_t points = 0;
  std::uint64_t stored = 0;
  std::uint64_t most = 0;  // stored

  bool is_enough() const {
    return stored >= most || rows.size() >= kFramesPerBlock ||
           (rows.size() >= kFramesAtLeast && points >= kPointsPerBlock);
  }
};

// Of the row at the store's cursor.
Result<std::vector<frame::Frame>> Engine::read_frames() {
  StoredRecord row;
  static_cast<RowHead&>(row) = store_->head();
  auto body = store_->body();
  if (!body) return pass(std::move(body.error()));
  row.body = std::move(*body);
  const auto anchor = anchor_of_row();
  if (!anchor) return pass(Error(anchor.error()));
  return frames_of(row, *anchor);
}

void Engine::pack_frames() {
  if (!is_packing_due() || count_next_ != 0 || salvage_ || is_memory() || !store_) return;
  auto run = find_run();
  store_->rest();
  if (run && run->is_enough()) {
    auto packed = pack_run(*run);
    store_ ? store_->rest() : void();
    if (!packed) {
      shapes_.rolled_back();
      run = pass(std::move(packed.error()));
    }
  }
  next_packing_ = loose_frames_ + kFramesPerTry;
  if (!run) static_cast<void>(overcome(run.error(), 0));
}

Result<Engine::Loose> Engine::find_run() {
  Loose run;
  run.most = limits_.largest_block() / 2;
  auto row = store_->seek_frames(packed_to_);
  for (; row && *row && !run.is_enough(); row = store_->next()) {
    const RowHead& head = store_->head();
    if (head.ids.count() > 1) {
      // What lies before a block stays as it is: there will be no more of it.
      run.rows.clear();
      run.points = run.stored = 0;
      packed_to_ = head.id;
      continue;
    }
    run.rows.push_back(head);
    run.points += head.items;
    run.stored += head.stored;
  }
  if (!row) return pass(std::move(row.error()));
  loose_frames_ = run.rows.size();
  return run;
}

Result<void> Engine::pack_run(Loose& run) {
  std::vector<frame::Frame> frames;
  frame::Capacity capacity;
  Shared shapes;
  IdSet ids;
  for (std::size_t i = 0; i < run.rows.size(); ++i) {
    auto row = store_->seek_frames(run.rows[i].id - 1);
    if (!row) return pass(std::move(row.error()));
    auto read = *row ? read_frames() : fail(Errc::absent, "gone");
    if (read) read->front().shape = shapes.one_of(read->front().shape);
    if (!read || !capacity.takes(read->front())) {
      // A damaged row stays where it is until somebody asks for it.
      run.rows.resize(i);
      if (!read) packed_to_ = store_->head().id;
      break;
    }
    ids.add(run.rows[i].id);
    frames.push_back(std::move(read->front()));
  }
  store_->rest();
  if (frames.empty()) return {};
  auto block = pack(frames, ids, run.rows.back().born);
  if (!block) return pass(std::move(block.error()));
  if (auto done = replace_rows(run.rows, *block); !done) return done;
  packed_to_ = std::max(packed_to_, block->id);
  loose_frames_ -= std::min(loose_frames_, run.rows.size());
  return {};
}

void Engine::learn_shrink(const std::vector<RowHead>& rows, const StoredRecord& block) {
  std::uint64_t before = 0;
  for (const RowHead& row : rows)
    before += row.stored;
  if (before > 0) shrink_ = static_cast<double>(block.stored) / static_cast<double>(before);
}

// The same records in another row, in one transaction.
Result<void> Engine::replace_rows(const std::vector<RowHead>& rows, const StoredRecord& block) {
  const std::uint64_t pages = Limits::pages_of(block.stored) + rows.size() + Limits::kReservePages;
  if (auto small = keep_log_small(pages * Store::kFrameBytes); !small) return small;
  auto transaction = Transaction::begin(store_->database());
  if (!transaction) return pass(std::move(transaction.error()));
  IdSet ids;
  for (const RowHead& row : rows)
    ids = joined(std::move(ids), row.ids);
  if (auto erased = store_->erase(ids); !erased) return pass(std::move(erased.error()));
  if (auto done = store_->insert(block); !done) return done;
  if (auto done = shapes_.sweep(*store_); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  learn_shrink(rows, block);
  ledger_.rewrite(rows, block);
  are_resolutions_known_ = false;
  ++counters_.commits;
  last_commit_ = clock_.steady();
  return {};
}

}  // namespace edgehaul::spool
