// SPDX-License-Identifier: Apache-2.0
#include "spool/store.hpp"

#include "base/crc32c.hpp"
#include "spool/schema.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::string_view kColumns = "kind,signal,origin,coding,time,born,items,size,crc,body";
constexpr std::string_view kFrameColumns = "shape,time,until,born,items,size,crc,ids,body";

std::int64_t as_sql(RecordId id) {
  return static_cast<std::int64_t>(std::min(id, kMaxId));
}

void bind_record(Statement& statement, int first, const StoredRecord& record) {
  statement.bind(first, record.kind)
      .bind(first + 1, record.signal)
      .bind(first + 2, record.origin)
      .bind(first + 3, record.coding)
      .bind(first + 4, record.time)
      .bind(first + 5, record.born)
      .bind(first + 6, record.items)
      .bind(first + 7, record.size)
      .bind(first + 8, record.crc)
      .bind_blob(first + 9, record.body);
}

void bind_frames(Statement& statement, const StoredRecord& row, std::string_view ids) {
  statement.bind(1, as_sql(row.id))
      .bind(2, static_cast<std::int64_t>(row.shape))
      .bind(3, row.time)
      .bind(4, row.until)
      .bind(5, row.born)
      .bind(6, row.items)
      .bind(7, row.size)
      .bind(8, row.crc)
      .bind_text(9, ids)
      .bind_blob(10, row.body);
}

RowHead record_head(const Statement& row) {
  RowHead head;
  head.id = static_cast<RecordId>(row.integer(0));
  head.kind = static_cast<std::uint8_t>(row.integer(1));
  head.signal = static_cast<std::uint8_t>(row.integer(2));
  head.origin = static_cast<std::uint8_t>(row.integer(3));
  head.coding = static_cast<std::uint8_t>(row.integer(4));
  head.time = row.integer(5);
  head.born = row.integer(6);
  head.items = static_cast<std::uint32_t>(row.integer(7));
  head.size = static_cast<std::uint32_t>(row.integer(8));
  head.crc = static_cast<std::uint32_t>(row.integer(9));
  head.stored = static_cast<std::uint64_t>(row.integer(10));
  return head;
}

RowHead frames_head(const Statement& row) {
  RowHead head = head_of_frames();
  head.id = static_cast<RecordId>(row.integer(0));
  head.shape = static_cast<std::uint64_t>(row.integer(1));
  head.time = row.integer(2);
  head.until = row.integer(3);
  head.born = row.integer(4);
  head.items = static_cast<std::uint32_t>(row.integer(5));
  head.size = static_cast<std::uint32_t>(row.integer(6));
  head.crc = static_cast<std::uint32_t>(row.integer(7));
  if (auto ids = parse_ids(row.bytes(8)); ids && ids->count() <= frame::Capacity::kFrames) {
    head.ids = std::move(*ids);
  }
  head.stored = static_cast<std::uint64_t>(row.integer(9));
  return head;
}

}  // namespace

std::uint32_t crc_of_value(std::string_view name, std::string_view value) {
  return base::crc32c(value, base::crc32c(name));
}

std::uint32_t crc_of_shape(const Store::ShapeRow& shape) {
  return base::crc32c(fmt::format("{} {} {}", shape.id, shape.base, shape.size),
                      base::crc32c(shape.body));
}

Result<std::unique_ptr<Store>> Store::open(const std::string& path, std::size_t cache) {
  auto database = Database::open(path, cache);
  if (!database) return pass(std::move(database.error()));
  if (auto ready = prepare_schema(**database, schema_steps()); !ready) {
    return within(path, std::move(ready.error()));
  }
  std::unique_ptr<Store> store(new Store(std::move(*database)));
  if (auto ready = store->prepare(); !ready) return within(path, std::move(ready.error()));
  return store;
}

Result<void> Store::prepare() {
  const std::string records =
      "SELECT id,kind,signal,origin,coding,time,born,items,size,crc,length(body) "
      "FROM records WHERE id>?1 AND id<?2 ORDER BY id";
  // By the last id: the row around ?2 belongs to the range when its first id does.
  const std::string frames =
      "SELECT id,shape,time,until,born,items,size,crc,ids,length(body) FROM frames "
      "WHERE id>?1 AND id<=ifnull((SELECT min(id) FROM frames WHERE id>=?2),?2) ORDER BY id";
  const auto into =
      fmt::format("INTO records(id,{}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)", kColumns);
  const auto into_frames =
      fmt::format("INTO frames(id,{}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)", kFrameColumns);
  const std::pair<Statement*, std::string> all[] = {
      {&insert_, "INSERT " + into},
      {&insert_ignore_, "INSERT OR IGNORE " + into},
      {&erase_, "DELETE FROM records WHERE id BETWEEN ?1 AND ?2"},
      {&insert_frames_, "INSERT " + into_frames},
      {&insert_frames_ignore_, "INSERT OR IGNORE " + into_frames},
      {&erase_frames_, "DELETE FROM frames WHERE id=?1"},
      {&frames_from_, "SELECT id,ids FROM frames WHERE id>=?1 ORDER BY id"},
      {&records_.ascending, records},
      {&records_.descending, records + " DESC"},
      {&records_.body, "SELECT body FROM records WHERE id=?1"},
      {&frames_.ascending, frames},
      {&frames_.descending, frames + " DESC"},
      {&frames_.body, "SELECT body FROM frames WHERE id=?1"},
      {&page_count_, "PRAGMA page_count"},
      {&free_count_, "PRAGMA freelist_count"},
  };
  for (const auto& [slot, sql] : all) {
    auto statement = database_->prepare(sql);
    if (!statement) return pass(std::move(statement.error()));
    *slot = std::move(*statement);
  }
  return {};
}

Result<void> Store::limit_pages(std::uint64_t pages) {
  return database_->run(fmt::format("PRAGMA max_page_count={}", pages));
}

Result<Store::Pages> Store::pages() {
  Pages pages;
  const std::pair<Statement*, std::uint64_t*> both[] = {{&page_count_, &pages.used},
                                                        {&free_count_, &pages.free}};
  for (const auto& [statement, slot] : both) {
    auto row = statement->step();
    if (!row) return pass(std::move(row.error()));
    *slot = *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
    statement->reset();
  }
  return pages;
}

Result<RecordId> Store::last_id() {
  auto last = database_->integer("SELECT seq FROM sqlite_sequence WHERE name='records'");
  if (!last) return pass(std::move(last.error()));
  return static_cast<RecordId>(std::max<std::int64_t>(*last, 0));
}

Result<void> Store::raise_last_id(RecordId id) {
  return database_->run(
      fmt::format("UPDATE sqlite_sequence SET seq=max(seq,{}) WHERE name='records'", as_sql(id)));
}

Result<void> Store::lower_last_id(RecordId id) {
  return database_->run(
      fmt::format("UPDATE sqlite_sequence SET seq=min(seq,{}) WHERE name='records'", as_sql(id)));
}

Result<void> Store::insert(const StoredRecord& record, bool ignore_present) {
  if (record.is_frames()) {
    const std::string ids = format_ids(record.ids);
    Statement& statement = ignore_present ? insert_frames_ignore_ : insert_frames_;
    bind_frames(statement, record, ids);
    return statement.run();
  }
  Statement& statement = ignore_present ? insert_ignore_ : insert_;
  statement.bind(1, as_sql(record.id));
  bind_record(statement, 2, record);
  return statement.run();
}

Result<IdSet> Store::erase(const IdSet& ids) {
  IdSet whole;
  IdSet rest;
  for (const IdRange& range : ids.ranges()) {
    auto done = erase_.bind(1, as_sql(range.first)).bind(2, as_sql(range.last)).run();
    if (!done) return pass(std::move(done.error()));
    frames_from_.bind(1, as_sql(range.first));
    auto row = frames_from_.step();
    for (; row && *row; row = frames_from_.step()) {
      const auto row_ids = parse_ids(frames_from_.bytes(1));
      if (!row_ids || row_ids->empty() || row_ids->ranges().front().first > range.last) break;
      const IdSet both = intersect(*row_ids, ids);
      if (both == *row_ids) {
        whole.add(static_cast<RecordId>(frames_from_.integer(0)));
      } else {
        for (const IdRange& part : both.ranges())
          rest.add(part.first, part.last);
      }
    }
    frames_from_.reset();
    if (!row) return pass(std::move(row.error()));
  }
  for (const RecordId id : whole.list()) {
    auto done = erase_frames_.bind(1, as_sql(id)).run();
    if (!done) return pass(std::move(done.error()));
  }
  return rest;
}

Result<bool> Store::seek(Order order, RecordId after, RecordId before) {
  rest();
  order_ = order;
  before_ = before;
  for (Cursor* cursor : {&records_, &frames_}) {
    cursor->active = order == Order::oldest_first ? &cursor->ascending : &cursor->descending;
    cursor->active->bind(1, as_sql(after)).bind(2, as_sql(before));
    if (auto done = step(*cursor); !done) return pass(std::move(done.error()));
  }
  return choose();
}

Result<bool> Store::seek_frames(RecordId after) {
  rest();
  order_ = Order::oldest_first;
  before_ = kMaxId;
  frames_.active = &frames_.ascending;
  frames_.active->bind(1, as_sql(after)).bind(2, as_sql(before_));
  if (auto done = step(frames_); !done) return pass(std::move(done.error()));
  return choose();
}

Result<bool> Store::next() {
  if (cursor_ == nullptr) return false;
  if (auto done = step(*cursor_); !done) return pass(std::move(done.error()));
  return choose();
}

// The cursor whose row comes first.
bool Store::choose() {
  cursor_ = records_.active != nullptr ? &records_ : &frames_;
  if (records_.active != nullptr && frames_.active != nullptr) {
    const bool is_less = frames_.head.id < records_.head.id;
    if (is_less == (order_ == Order::oldest_first)) cursor_ = &frames_;
  }
  if (cursor_->active == nullptr) rest();
  return cursor_ != nullptr;
}

Result<void> Store::step(Cursor& cursor) {
  for (;;) {
    auto row = cursor.active->step();
    if (row && *row) {
      cursor.head =
          &cursor == &records_ ? record_head(*cursor.active) : frames_head(*cursor.active);
      // Rows of frames whose ids cannot be read are left to the check of the CRC: none is wanted.
      if (&cursor == &frames_ && (cursor.head.ids.empty() || cursor.head.first() >= before_)) {
        continue;
      }
      return {};
    }
    cursor.active->reset();
    cursor.active = nullptr;
    if (!row) return pass(std::move(row.error()));
    return {};
  }
}

Result<std::string> Store::body() {
  Statement& read = cursor_->body;
  auto row = read.bind(1, as_sql(cursor_->head.id)).step();
  if (!row) return pass(std::move(row.error()));
  std::string bytes = *row ? std::string(read.bytes(0)) : std::string();
  read.reset();
  return bytes;
}

void Store::rest() {
  for (Cursor* cursor : {&records_, &frames_}) {
    if (cursor->active != nullptr) cursor->active->reset();
    cursor->active = nullptr;
  }
  cursor_ = nullptr;
}

}  // namespace edgehaul::spool
