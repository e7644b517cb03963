// SPDX-License-Identifier: Apache-2.0
// Intact records out of a damaged spool file, page by page: whatever of the file is garbage, a row
// whose CRC32C fits is a record. Freed pages are left out while the free list can be read, so that
// delivered records do not come back. Works in slices, so that service goes on. Spool thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "spool/id_set.hpp"
#include "spool/page_file.hpp"
#include "spool/row_reader.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

class Salvage {
 public:
  static Result<Salvage> open(const std::string& path);

  // The small tables, as far as they can be read.
  struct Rest {
    RecordId last_id = 0;  // ever given out; a safe guess when that cannot be read
    std::map<std::string, std::string, std::less<>> values;
    std::map<std::string, IdSet, std::less<>> settled;
    std::vector<Store::ShapeRow> shapes;
  };
  Rest read_rest() const;

  // Goes on for about `bytes` of records or `pages` pages. False when all is read.
  bool read(std::size_t bytes, std::uint32_t pages, std::vector<StoredRecord>& into);
  // Shapes met on the way, where the table's tree did not lead to them.
  const std::vector<Store::ShapeRow>& shapes() const { return shapes_; }
  void forget_shapes() { shapes_.clear(); }
  std::uint32_t position() const { return next_; }
  void resume(std::uint32_t position) { next_ = position; }
  std::uint32_t pages() const { return file_.pages(); }

  const IdSet& intact() const { return intact_; }
  // Rows that were found but do not fit their CRC, and ids missing between intact ones, before the
  // first (from `first_id` on, 0: not known) and after the last, as far as one damaged page
  // explains them.
  std::uint64_t lost(RecordId first_id, RecordId last_id) const;

 private:
  explicit Salvage(PageFile file) : file_(std::move(file)) {}
  void find_free_pages();
  void take(const Cell& cell, std::vector<StoredRecord>& into);

  PageFile file_;
  std::vector<bool> is_free_;
  std::uint32_t next_ = 1;
  IdSet intact_;
  IdSet damaged_;
  std::vector<Store::ShapeRow> shapes_;
};

}  // namespace edgehaul::spool
