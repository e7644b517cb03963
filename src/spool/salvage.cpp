// SPDX-License-Identifier: Apache-2.0
#include "spool/salvage.hpp"

#include <algorithm>

#include "spool/store.hpp"

namespace edgehaul::spool {

namespace {

// More small records than a page can hold: a wider gap of ids is not one damaged page's, it is
// records that were delivered.
constexpr std::uint64_t kMaxRowsPerPage = 200;
// Where the last id cannot be read: no spool gave out this many after the last that is found.
constexpr RecordId kSafeStride = 1ULL << 32;

using Rows = std::function<void(const Cell&, const std::vector<Column>&)>;

void for_rows(const PageFile& file, std::string_view table, std::size_t columns, const Rows& take) {
  const auto root = root_of(file, table);
  if (!root) return;
  Walk walk;
  walk.cell = [&](const Cell& cell) {
    const auto payload = whole_payload(file, cell);
    const auto row = payload ? columns_of(*payload, cell.size) : std::nullopt;
    if (row && row->size() == columns) take(cell, *row);
    return true;
  };
  walk_table(file, *root, walk);
}

}  // namespace

Result<Salvage> Salvage::open(const std::string& path) {
  auto file = PageFile::open(path);
  if (!file) return pass(std::move(file.error()));
  Salvage salvage(std::move(*file));
  salvage.find_free_pages();
  return salvage;
}

void Salvage::find_free_pages() {
  is_free_.assign(static_cast<std::size_t>(file_.pages()) + 1, false);
  std::string buffer;
  const auto first = file_.page(1, buffer);
  if (!first || !first->starts_with("SQLite format 3")) return;
  auto trunk = static_cast<std::uint32_t>(big_endian(*first, 32, 4));
  while (trunk != 0 && trunk < is_free_.size() && !is_free_[trunk]) {
    is_free_[trunk] = true;
    const auto page = file_.page(trunk, buffer);
    if (!page) return;
    const std::uint64_t leaves =
        std::min<std::uint64_t>(big_endian(*page, 4, 4), PageFile::kPage / 4 - 2);
    for (std::uint64_t i = 0; i < leaves; ++i) {
      const std::uint64_t leaf = big_endian(*page, 8 + 4 * static_cast<std::size_t>(i), 4);
      if (leaf < is_free_.size()) is_free_[static_cast<std::size_t>(leaf)] = true;
    }
    trunk = static_cast<std::uint32_t>(big_endian(*page, 0, 4));
  }
}

Salvage::Rest Salvage::read_rest() const {
  Rest rest;
  for_rows(file_, "named_values", 4, [&](const Cell&, const std::vector<Column>& row) {
    if (crc_of_value(row[1].bytes, row[2].bytes) == static_cast<std::uint32_t>(row[3].integer())) {
      rest.values[std::string(row[1].bytes)] = std::string(row[2].bytes);
    }
  });
  for_rows(file_, "destinations", 3, [&](const Cell&, const std::vector<Column>& row) {
    if (auto ids = parse_ids(row[2].bytes)) rest.settled[std::string(row[1].bytes)] = *ids;
  });
  for (const std::string_view table : Store::kShapeTables) {
    Walk walk;
    walk.cell = [&](const Cell& cell) {
      if (auto shape = shape_row(file_, cell)) rest.shapes.push_back(std::move(*shape));
      return true;
    };
    if (const auto root = root_of(file_, table)) walk_table(file_, *root, walk);
  }
  for_rows(file_, "sqlite_sequence", 2, [&](const Cell&, const std::vector<Column>& row) {
    if (row[0].bytes == "records") rest.last_id = static_cast<RecordId>(row[1].integer());
  });
  if (rest.last_id != 0 && rest.last_id < kMaxId) return rest;
  rest.last_id = kSafeStride;
  std::string buffer;
  for (std::uint32_t number = 1; number <= file_.pages(); ++number) {
    const auto page = file_.page(number, buffer);
    const auto cells = page ? leaf_cells(*page, number == 1) : std::nullopt;
    if (!cells) continue;
    for (const Cell& cell : *cells) {
      auto head = record_head(cell);
      if (!head) head = frames_head(file_, cell);
      if (head && head->id < kMaxId / 2) {
        rest.last_id = std::max(rest.last_id, head->id + kSafeStride);
      }
      // Named values count by their own CRC even where no tree leads to them.
      const auto row = cell.overflow == 0 ? columns_of(cell.local, cell.size) : std::nullopt;
      if (row && row->size() == 4 && (*row)[1].is_text() && (*row)[2].is_blob() &&
          crc_of_value((*row)[1].bytes, (*row)[2].bytes) ==
              static_cast<std::uint32_t>((*row)[3].integer())) {
        rest.values.try_emplace(std::string((*row)[1].bytes), (*row)[2].bytes);
      }
    }
  }
  return rest;
}

bool Salvage::read(std::size_t bytes, std::uint32_t pages, std::vector<StoredRecord>& into) {
  std::string buffer;
  std::size_t taken = 0;
  for (; pages > 0 && next_ <= file_.pages() && taken < bytes; --pages, ++next_) {
    if (is_free_[next_]) continue;
    const auto page = file_.page(next_, buffer);
    const auto cells = page ? leaf_cells(*page, next_ == 1) : std::nullopt;
    if (!cells) continue;
    const std::size_t before = into.size();
    for (const Cell& cell : *cells)
      take(cell, into);
    for (std::size_t i = before; i < into.size(); ++i)
      taken += into[i].body.size();
  }
  return next_ <= file_.pages();
}

void Salvage::take(const Cell& cell, std::vector<StoredRecord>& into) {
  auto head = record_head(cell);
  if (!head) head = frames_head(file_, cell);
  if (!head) {
    if (auto shape = shape_row(file_, cell)) shapes_.push_back(std::move(*shape));
    return;
  }
  const IdSet ids = ids_of(*head);
  auto body = record_body(file_, cell);
  if (!body || crc_of(*head, *body) != head->crc) {
    damaged_ = joined(std::move(damaged_), ids);
    return;
  }
  if (intersect(intact_, ids) == ids) return;
  intact_ = joined(std::move(intact_), ids);
  StoredRecord record;
  static_cast<RowHead&>(record) = *head;
  record.body = std::move(*body);
  into.push_back(std::move(record));
}

std::uint64_t Salvage::lost(RecordId first_id, RecordId last_id) const {
  IdSet known = intact_;
  std::uint64_t sum = 0;
  for (const IdRange& ids : damaged_.ranges()) {
    for (RecordId id = ids.first; id <= ids.last; ++id)
      sum += intact_.contains(id) ? 0U : 1U;
    known.add(ids.first, ids.last);
  }
  const auto& ranges = known.ranges();
  first_id = std::max<RecordId>(first_id, 1);
  if (!ranges.empty() && ranges.front().first > first_id &&
      ranges.front().first - first_id <= kMaxRowsPerPage) {
    sum += ranges.front().first - first_id;
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const RecordId end = i + 1 < ranges.size() ? ranges[i + 1].first - 1 : last_id;
    const std::uint64_t gap = end > ranges[i].last ? end - ranges[i].last : 0;
    if (gap <= kMaxRowsPerPage) sum += gap;
  }
  return sum;
}

}  // namespace edgehaul::spool
