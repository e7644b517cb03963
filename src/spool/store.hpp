// SPDX-License-Identifier: Apache-2.0
// The tables of one open spool file as typed operations. Knows nothing of bounds, modes or leases;
// the engine decides those. Writes need an open Transaction. Spool thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/database.hpp"
#include "spool/id_set.hpp"
#include "spool/spool.hpp"
#include "spool/stored.hpp"

namespace edgehaul::spool {

// A rejected record on its way into the set_aside table.
struct Rejection {
  RecordId id = 0;
  std::string destination;  // "" when the spool itself found it damaged
  std::string words;
  base::UnixNanos since = 0;
  std::optional<StoredRecord> record;  // absent: copy it from the records table
};

class Store {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;
  static constexpr std::uint64_t kFrameBytes = kPageBytes + 24;  // of a page in the log

  static Result<std::unique_ptr<Store>> open(const std::string& path,
                                             std::size_t cache = Database::kCache);

  Database& database() { return *database_; }
  Result<void> limit_pages(std::uint64_t pages);
  struct Pages {
    std::uint64_t used = 0;  // of the file, as committed
    std::uint64_t free = 0;  // among them
  };
  Result<Pages> pages();
  std::uint64_t wal_bytes() const { return database_->wal_pages() * kFrameBytes; }

  // records and frames: one sequence of ids, a row of frames holding several
  Result<RecordId> last_id();  // no id ever given out is greater
  Result<void> raise_last_id(RecordId id);
  Result<void> lower_last_id(RecordId id);
  Result<void> insert(const StoredRecord& record, bool ignore_present = false);
  // Rows of frames go when all their ids are named; returns the ids of rows that stay for others.
  Result<IdSet> erase(const IdSet& ids);
  // The first row in `order` with an id between `after` and `before`, by its last id. The head
  // stays readable, and body() too, until the next call. Only body() reads the pages of a body.
  Result<bool> seek(Order order, RecordId after, RecordId before);
  Result<bool> seek_frames(RecordId after);  // ascending, rows of frames only
  Result<bool> next();
  const RowHead& head() const { return cursor_->head; }
  Result<std::string> body();
  void rest();  // ends the read transaction of seek and next

  // shapes: each row twice, in two trees, so that no page holds both copies
  static constexpr std::string_view kShapeTables[] = {"shapes", "shapes_copy"};
  struct ShapeRow {
    std::uint64_t id = 0;
    std::uint64_t base = 0;  // the shape that this one is coded against; 0: none
    std::uint64_t size = 0;
    std::string body;
  };
  struct KeptShape {
    std::uint64_t base = 0;
    std::size_t copies = 0;  // whose CRC fits, at least one
  };
  Result<std::map<std::uint64_t, KeptShape>> shapes();  // by id
  // Of the copy whose CRC fits. Errc::absent: neither does; anything else is the file's or disk's.
  Result<ShapeRow> shape(std::uint64_t id);
  Result<void> save_shape(const ShapeRow& shape);
  Result<void> erase_shape(std::uint64_t id);
  Result<std::vector<std::uint64_t>> shapes_in_use();  // by frames

  // set_aside
  Result<void> set_aside(const Rejection& rejection);
  struct Aside {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
  };
  Result<Aside> aside();
  Result<std::uint64_t> drop_oldest_aside(std::uint64_t bytes);  // how many records went

  // destinations
  struct Progress {
    std::string name;
    IdSet settled;
  };
  Result<std::vector<Progress>> progress();
  Result<void> save_progress(std::string_view name, const IdSet& settled);
  Result<void> drop_progress(std::string_view name);

  // named values
  Result<std::map<std::string, std::string, std::less<>>> values();
  Result<void> save_value(std::string_view name, std::string_view value);
  Result<void> drop_value(std::string_view name);

 private:
  explicit Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  Result<void> prepare();
  // One walk over one of the two tables.
  struct Cursor {
    Statement ascending, descending, body;
    Statement* active = nullptr;  // null: at the end
    RowHead head;
  };
  Result<void> step(Cursor& cursor);
  bool choose();

  std::unique_ptr<Database> database_;
  Statement insert_, insert_ignore_, erase_, page_count_, free_count_;
  Statement insert_frames_, insert_frames_ignore_, erase_frames_, frames_from_;
  Cursor records_, frames_;
  Cursor* cursor_ = nullptr;
  Order order_ = Order::oldest_first;
  RecordId before_ = 0;
};

std::uint32_t crc_of_value(std::string_view name, std::string_view value);
std::uint32_t crc_of_shape(const Store::ShapeRow& shape);

}  // namespace edgehaul::spool
