// SPDX-License-Identifier: Apache-2.0
// What single frames on disk leave out, in tables of their own: shapes, a changed one against a
// whole one; and anchors, the ticks that others are told from. Many ticks need one row, so that it
// is kept in two copies. Keeps the few that were used last in memory. Spool thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "frame/block.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

// An anchor by the rows that `row_of` finds: a row of size 0 is a tick of the shape `base`, any
// other a shape alone.
using RowOfShape = std::function<Result<Store::ShapeRow>(std::uint64_t id)>;
Result<frame::AnchorPtr> read_anchor(std::uint64_t id, const RowOfShape& row_of);
// Of its shape, time and numbers; from 2^62 on, above those of shapes. It grows with time, so that
// a new row is added at the end of its table: elsewhere its neighbours would be written, too.
std::uint64_t id_of_anchor(const frame::Frame& anchor);

class ShapeShelf {
 public:
  // Which are there. A row of which a copy is damaged or missing is written again with the next
  // frame that needs it.
  Result<void> load(Store& store);

  // In both copies, and what it is coded against.
  bool has(std::uint64_t id) const;
  // The rows that the table lacks for this anchor.
  Result<std::vector<Store::ShapeRow>> missing(Store& store, std::uint64_t id,
                                               const frame::AnchorPtr& anchor);
  // In the open transaction; it is known from committed() on.
  Result<void> save(Store& store, const Store::ShapeRow& row);
  void committed();
  void rolled_back() { unsure_.clear(); }

  // Errc::absent: it is lost; anything else is the file's or the disk's.
  Result<frame::AnchorPtr> find(Store& store, std::uint64_t id);

  // Erases what no frame needs any more, in the open transaction, once there are several.
  Result<void> sweep(Store& store);

 private:
  static constexpr std::size_t kRemembered = 4;

  struct Recent {
    std::uint64_t id = 0;
    frame::AnchorPtr anchor;
  };

  Result<Store::ShapeRow> shape_row(Store& store, const frame::ShapePtr& shape);
  Result<Store::ShapeRow> anchor_row(Store& store, std::uint64_t id, const frame::Frame& anchor);
  void remember(std::uint64_t id, const frame::AnchorPtr& anchor);

  std::map<std::uint64_t, std::uint64_t> bases_;   // of each row on disk
  std::set<std::uint64_t> unpaired_;               // of those: one copy is intact
  std::map<std::uint64_t, std::uint64_t> unsure_;  // written, not committed
  std::vector<Recent> recent_;                     // the last one used is the last
};

}  // namespace edgehaul::spool
