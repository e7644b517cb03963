// SPDX-License-Identifier: Apache-2.0
#include "spool/shape_shelf.hpp"

#include <algorithm>

#include "base/codec.hpp"

namespace edgehaul::spool {

namespace {

constexpr int kLevel = 9;
// A difference that is larger than this share of the whole is not worth the dependence.
constexpr std::size_t kWorthBase = 3;
constexpr std::size_t kWorthSweeping = 3;
constexpr int kDepth = 3;  // an anchor, its shape, the base of that
// Of an anchor's id: 17 s for each step of its upper part, and two of one step differ below.
constexpr unsigned kHashBits = 33;
constexpr unsigned kTimeShift = 34;

Result<frame::ShapePtr> read_shape(const Store::ShapeRow& row, const RowOfShape& row_of) {
  std::string under;
  if (row.base != 0) {
    auto base = row_of(row.base);
    if (!base) return pass(std::move(base.error()));
    auto form = codec::decode_against("", base->body, frame::Shape::kMaxBytes);
    if (!form) return within("shape", std::move(form.error()));
    under = std::move(*form);
  }
  auto form = codec::decode_against(under, row.body, frame::Shape::kMaxBytes);
  if (!form) return within("shape", std::move(form.error()));
  auto shape = frame::Shape::of(*form);
  if (!shape) return within("shape", std::move(shape.error()));
  return shape;
}

}  // namespace

std::uint64_t id_of_anchor(const frame::Frame& anchor) {
  std::uint64_t hash = anchor.shape->hash();
  const auto mix = [&hash](std::uint64_t number) {
    hash = (hash ^ number) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32U;
  };
  mix(static_cast<std::uint64_t>(anchor.time));
  for (const std::uint64_t number : anchor.numbers)
    mix(number);
  const std::uint64_t time = static_cast<std::uint64_t>(anchor.time) >> kTimeShift;
  constexpr std::uint64_t kLeast = 1ULL << 62U;
  return kLeast | (time << kHashBits & (kLeast - 1)) | hash >> (64U - kHashBits);
}

Result<frame::AnchorPtr> read_anchor(std::uint64_t id, const RowOfShape& row_of) {
  auto row = row_of(id);
  if (!row) return pass(std::move(row.error()));
  const bool is_tick = row->size == 0;
  const auto shape_row = is_tick ? row_of(row->base) : row;
  if (!shape_row) return pass(Error(shape_row.error()));
  auto shape = read_shape(*shape_row, row_of);
  if (!shape) return pass(std::move(shape.error()));
  const frame::Frame alone{std::move(*shape), 0, {}};
  if (!is_tick) return std::make_shared<const frame::Frame>(alone);
  auto frames = frame::decode_block(row->body, &alone);
  if (!frames) return within("anchor", std::move(frames.error()));
  if (frames->size() != 1) return fail(Errc::malformed, "anchor {}: not one tick", id);
  return std::make_shared<const frame::Frame>(std::move(frames->front()));
}

Result<void> ShapeShelf::load(Store& store) {
  bases_.clear();
  unpaired_.clear();
  unsure_.clear();
  auto rows = store.shapes();
  if (!rows) return pass(std::move(rows.error()));
  for (const auto& [id, kept] : *rows) {
    bases_.emplace(id, kept.base);
    if (kept.copies < std::size(Store::kShapeTables)) unpaired_.insert(id);
  }
  for (int depth = 1; depth < kDepth; ++depth) {
    std::erase_if(bases_, [this](const auto& shape) {
      return shape.second != 0 && !bases_.contains(shape.second);
    });
  }
  return {};
}

bool ShapeShelf::has(std::uint64_t id) const {
  if (unsure_.contains(id)) return true;
  const auto known = bases_.find(id);
  if (known == bases_.end() || unpaired_.contains(id)) return false;
  // What comes out of a damaged file may have lost its base.
  const std::uint64_t base = known->second;
  return base == 0 || bases_.contains(base) || unsure_.contains(base);
}

Result<std::vector<Store::ShapeRow>> ShapeShelf::missing(Store& store, std::uint64_t id,
                                                         const frame::AnchorPtr& anchor) {
  std::vector<Store::ShapeRow> rows;
  if (!has(anchor->shape->hash())) {
    auto row = shape_row(store, anchor->shape);
    if (!row) return pass(std::move(row.error()));
    rows.push_back(std::move(*row));
  }
  if (!has(id)) {
    auto row = anchor_row(store, id, *anchor);
    if (!row) return pass(std::move(row.error()));
    rows.push_back(std::move(*row));
  }
  remember(id, anchor);
  return rows;
}

Result<Store::ShapeRow> ShapeShelf::anchor_row(Store& store, std::uint64_t id,
                                               const frame::Frame& anchor) {
  if (unpaired_.contains(id)) return store.shape(id);
  auto body = frame::encode_frame(anchor);
  if (!body) return pass(std::move(body.error()));
  return Store::ShapeRow{id, anchor.shape->hash(), 0, std::move(*body)};
}

Result<Store::ShapeRow> ShapeShelf::shape_row(Store& store, const frame::ShapePtr& shape) {
  // Others may be coded against it: it stays as it is.
  if (unpaired_.contains(shape->hash())) return store.shape(shape->hash());
  Store::ShapeRow row{shape->hash(), 0, shape->form().size(), ""};
  auto whole = codec::encode_against("", shape->form(), kLevel);
  if (!whole) return pass(std::move(whole.error()));
  row.body = std::move(*whole);
  // Against the newest whole one: a difference never needs more than one other row.
  for (auto near = recent_.rbegin(); near != recent_.rend(); ++near) {
    const auto known = bases_.find(near->anchor->shape->hash());
    if (known == bases_.end()) continue;
    const std::uint64_t base = known->second == 0 ? known->first : known->second;
    const auto whole_one = find(store, base);
    if (!whole_one) break;
    auto changed = codec::encode_against((*whole_one)->shape->form(), shape->form(), kLevel);
    if (changed && changed->size() * kWorthBase < row.body.size()) {
      row.base = base;
      row.body = std::move(*changed);
    }
    break;
  }
  return row;
}

Result<void> ShapeShelf::save(Store& store, const Store::ShapeRow& row) {
  unsure_.emplace(row.id, row.base);
  return store.save_shape(row);
}

void ShapeShelf::committed() {
  for (const auto& [id, base] : std::exchange(unsure_, {})) {
    unpaired_.erase(id);
    bases_.insert_or_assign(id, base);
  }
}

Result<frame::AnchorPtr> ShapeShelf::find(Store& store, std::uint64_t id) {
  for (const Recent& recent : recent_) {
    if (recent.id == id) return recent.anchor;
  }
  std::optional<Error> trouble;
  auto anchor = read_anchor(id, [&](std::uint64_t wanted) {
    auto row = store.shape(wanted);
    if (!row && row.error().code != Errc::absent) trouble = row.error();
    return row;
  });
  if (trouble) return pass(std::move(*trouble));
  if (!anchor) return fail(Errc::absent, "{}", anchor.error().message);
  remember(id, *anchor);
  return anchor;
}

void ShapeShelf::remember(std::uint64_t id, const frame::AnchorPtr& anchor) {
  const Recent recent{id, anchor};
  std::erase_if(recent_, [id](const Recent& one) { return one.id == id; });
  recent_.push_back(recent);
  if (recent_.size() > kRemembered) recent_.erase(recent_.begin());
}

Result<void> ShapeShelf::sweep(Store& store) {
  if (bases_.size() < kWorthSweeping) return {};
  auto in_use = store.shapes_in_use();
  if (!in_use) return pass(std::move(in_use.error()));
  std::set<std::uint64_t> needed(in_use->begin(), in_use->end());
  // The one in use now may have no frame on disk at this moment.
  if (!recent_.empty()) needed.insert(recent_.back().id);
  for (int depth = 1; depth < kDepth; ++depth) {
    for (const auto& [id, base] : bases_) {
      if (needed.contains(id)) needed.insert(base);
    }
  }
  for (auto shape = bases_.begin(); shape != bases_.end();) {
    if (needed.contains(shape->first)) {
      ++shape;
      continue;
    }
    if (auto done = store.erase_shape(shape->first); !done) return done;
    unpaired_.erase(shape->first);
    shape = bases_.erase(shape);
  }
  return {};
}

}  // namespace edgehaul::spool
