// SPDX-License-Identifier: Apache-2.0
// Rows of SQLite tables read from pages, without SQLite: cells of a leaf, overflow chains, columns,
// and a walk over a table's tree that steps over what is damaged. Bounded by the file whatever its
// bytes say. Pure but for the reads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/page_file.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

// One cell of a leaf: where its payload starts and how it goes on.
struct Cell {
  std::uint64_t id = 0;
  std::uint64_t size = 0;      // of the whole payload
  std::string_view local;      // what of it lies on the leaf
  std::uint32_t overflow = 0;  // first page of the rest; 0: none
};

// Type and bytes of one column; the bytes may be cut when only the local part was read.
struct Column {
  std::uint64_t type = 0;
  std::string_view bytes;
  std::uint64_t size = 0;  // that the bytes should have

  bool is_integer() const { return type != 0 && type != 7 && type < 10; }
  bool is_text() const { return type >= 13 && type % 2 == 1; }
  bool is_blob() const { return type >= 12 && type % 2 == 0; }
  std::int64_t integer() const;
};

// The cells of a table leaf page; nullopt when the page is no such thing or damaged.
std::optional<std::vector<Cell>> leaf_cells(std::string_view page, bool is_first_page);

// The columns of a payload (all of it or only its start); nullopt when they make no sense.
std::optional<std::vector<Column>> columns_of(std::string_view payload, std::uint64_t whole);

// All of a cell's payload, following its overflow pages.
Result<std::string> whole_payload(const PageFile& file, const Cell& cell);

// A row of the records table from its leaf part (without its body), by the signature of its
// columns.
std::optional<RowHead> record_head(const Cell& cell);
// The same for rows of frames; reads on where the ids go on.
std::optional<RowHead> frames_head(const PageFile& file, const Cell& cell);
std::optional<Store::ShapeRow> shape_row(const PageFile& file, const Cell& cell);
// The body of a row of records or frames.
Result<std::string> record_body(const PageFile& file, const Cell& cell);

struct Walk {
  RecordId after = 0;                     // only cells with a greater id
  std::function<bool(const Cell&)> cell;  // false stops
  std::function<void(std::uint32_t page, std::string_view why)> damage;
};
// Cells of the table whose tree starts at `root`, by ascending id.
void walk_table(const PageFile& file, std::uint32_t root, const Walk& walk);

// The root page of a table, from the schema on page 1.
std::optional<std::uint32_t> root_of(const PageFile& file, std::string_view table);

}  // namespace edgehaul::spool
