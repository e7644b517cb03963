// SPDX-License-Identifier: Apache-2.0
// The shapes that single frames on disk leave out, in a table of their own: each once, a changed
// one against a whole one. Keeps the few that were used last in memory. Spool thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "frame/shape.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

// The shape of a row; `base` is the row it names, null where it names none.
Result<frame::ShapePtr> shape_from(const Store::ShapeRow& row, const Store::ShapeRow* base);

class ShapeShelf {
 public:
  // Which are there; damaged rows count as missing, and are written again with the next frame.
  Result<void> load(Store& store);

  // The row that the table lacks for this shape.
  Result<std::optional<Store::ShapeRow>> missing(Store& store, const frame::ShapePtr& shape);
  // In the open transaction; it is known from committed() on.
  Result<void> save(Store& store, const Store::ShapeRow& row);
  void committed();
  void rolled_back() { unsure_.clear(); }

  // Errc::absent or malformed when it cannot be had.
  Result<frame::ShapePtr> find(Store& store, std::uint64_t id);

  // Erases what no frame needs any more, in the open transaction, once there are several.
  Result<void> sweep(Store& store);

 private:
  static constexpr std::size_t kRemembered = 4;

  bool has(std::uint64_t id) const { return bases_.contains(id) || unsure_.contains(id); }
  void remember(const frame::ShapePtr& shape);

  std::map<std::uint64_t, std::uint64_t> bases_;   // of each shape on disk
  std::map<std::uint64_t, std::uint64_t> unsure_;  // written, not committed
  std::vector<frame::ShapePtr> recent_;            // the last one used is the last
};

}  // namespace edgehaul::spool
