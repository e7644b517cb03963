// SPDX-License-Identifier: Apache-2.0
#include "spool/shape_shelf.hpp"

#include <algorithm>
#include <set>

#include "base/codec.hpp"

namespace edgehaul::spool {

namespace {

constexpr int kLevel = 9;
// A difference that is larger than this share of the whole is not worth the dependence.
constexpr std::size_t kWorthBase = 3;
constexpr std::size_t kWorthSweeping = 3;

}  // namespace

Result<frame::ShapePtr> shape_from(const Store::ShapeRow& row, const Store::ShapeRow* base) {
  std::string under;
  if (base != nullptr) {
    auto form = codec::decode_against("", base->body, frame::Shape::kMaxBytes);
    if (!form) return within("shape", std::move(form.error()));
    under = std::move(*form);
  }
  auto form = codec::decode_against(under, row.body, frame::Shape::kMaxBytes);
  if (!form) return within("shape", std::move(form.error()));
  auto shape = frame::Shape::of(*form);
  if (!shape) return within("shape", std::move(shape.error()));
  if ((*shape)->hash() != row.id) return fail(Errc::malformed, "shape {}: other bytes", row.id);
  return shape;
}

Result<void> ShapeShelf::load(Store& store) {
  bases_.clear();
  unsure_.clear();
  auto rows = store.shapes();
  if (!rows) return pass(std::move(rows.error()));
  for (const Store::ShapeRow& row : *rows)
    bases_.emplace(row.id, row.base);
  std::erase_if(bases_, [this](const auto& shape) {
    return shape.second != 0 && !bases_.contains(shape.second);
  });
  return {};
}

Result<std::optional<Store::ShapeRow>> ShapeShelf::missing(Store& store,
                                                           const frame::ShapePtr& shape) {
  if (has(shape->hash())) {
    remember(shape);
    return std::nullopt;
  }
  Store::ShapeRow row{shape->hash(), 0, shape->form().size(), ""};
  auto whole = codec::encode_against("", shape->form(), kLevel);
  if (!whole) return pass(std::move(whole.error()));
  row.body = std::move(*whole);
  // Against the newest whole one: a difference never needs more than one other row.
  for (auto near = recent_.rbegin(); near != recent_.rend(); ++near) {
    const auto known = bases_.find((*near)->hash());
    if (known == bases_.end()) continue;
    const std::uint64_t base = known->second == 0 ? known->first : known->second;
    const auto form = find(store, base);
    if (!form) break;
    auto changed = codec::encode_against((*form)->form(), shape->form(), kLevel);
    if (changed && changed->size() * kWorthBase < row.body.size()) {
      row.base = base;
      row.body = std::move(*changed);
    }
    break;
  }
  remember(shape);
  return row;
}

Result<void> ShapeShelf::save(Store& store, const Store::ShapeRow& row) {
  unsure_.emplace(row.id, row.base);
  return store.save_shape(row);
}

void ShapeShelf::committed() {
  bases_.merge(unsure_);
  unsure_.clear();
}

Result<frame::ShapePtr> ShapeShelf::find(Store& store, std::uint64_t id) {
  for (const frame::ShapePtr& shape : recent_) {
    if (shape->hash() == id) return shape;
  }
  auto row = store.shape(id);
  if (!row) return pass(std::move(row.error()));
  Result<Store::ShapeRow> base = Store::ShapeRow();
  if (row->base != 0) base = store.shape(row->base);
  if (!base) return pass(std::move(base.error()));
  auto shape = shape_from(*row, row->base != 0 ? &*base : nullptr);
  if (!shape) return shape;
  remember(*shape);
  return shape;
}

void ShapeShelf::remember(const frame::ShapePtr& shape) {
  std::erase_if(recent_, [&](const auto& one) { return one->hash() == shape->hash(); });
  recent_.push_back(shape);
  if (recent_.size() > kRemembered) recent_.erase(recent_.begin());
}

Result<void> ShapeShelf::sweep(Store& store) {
  if (bases_.size() < kWorthSweeping) return {};
  auto in_use = store.shapes_in_use();
  if (!in_use) return pass(std::move(in_use.error()));
  std::set<std::uint64_t> needed(in_use->begin(), in_use->end());
  // The one in use now may have no frame on disk at this moment.
  if (!recent_.empty()) needed.insert(recent_.back()->hash());
  for (const auto& [id, base] : bases_) {
    if (needed.contains(id)) needed.insert(base);
  }
  for (auto shape = bases_.begin(); shape != bases_.end();) {
    if (needed.contains(shape->first)) {
      ++shape;
      continue;
    }
    if (auto done = store.erase_shape(shape->first); !done) return done;
    shape = bases_.erase(shape);
  }
  return {};
}

}  // namespace edgehaul::spool
