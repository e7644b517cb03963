// SPDX-License-Identifier: Apache-2.0
#include "spool/store.hpp"

#include "base/crc32c.hpp"
#include "spool/schema.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::string_view kColumns = "kind,signal,origin,coding,time,born,items,size,crc,body";

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

}  // namespace

std::uint32_t crc_of_value(std::string_view name, std::string_view value) {
  return base::crc32c(value, base::crc32c(name));
}

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return pass(std::move(database.error()));
  if (auto ready = prepare_schema(**database, schema_steps()); !ready) {
    return within(path, std::move(ready.error()));
  }
  std::unique_ptr<Store> store(new Store(std::move(*database)));
  if (auto ready = store->prepare(); !ready) return within(path, std::move(ready.error()));
  return store;
}

Result<void> Store::prepare() {
  const auto heads = std::string(
      "SELECT id,kind,signal,origin,coding,time,born,items,size,crc,"
      "length(body),body FROM records WHERE id>?1 AND id<?2 ORDER BY id");
  const auto into =
      fmt::format("INTO records(id,{}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)", kColumns);
  const std::pair<Statement*, std::string> all[] = {
      {&insert_, "INSERT " + into},
      {&insert_ignore_, "INSERT OR IGNORE " + into},
      {&erase_, "DELETE FROM records WHERE id BETWEEN ?1 AND ?2"},
      {&ascending_, heads},
      {&descending_, heads + " DESC"},
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

Result<void> Store::insert(const StoredRecord& record, bool ignore_present) {
  Statement& statement = ignore_present ? insert_ignore_ : insert_;
  statement.bind(1, as_sql(record.id));
  bind_record(statement, 2, record);
  return statement.run();
}

Result<void> Store::erase(const IdSet& ids) {
  for (const IdRange& range : ids.ranges()) {
    auto done = erase_.bind(1, as_sql(range.first)).bind(2, as_sql(range.last)).run();
    if (!done) return done;
  }
  return {};
}

Result<bool> Store::seek(Order order, RecordId after, RecordId before) {
  rest();
  cursor_ = order == Order::oldest_first ? &ascending_ : &descending_;
  cursor_->bind(1, as_sql(after)).bind(2, as_sql(before));
  return next();
}

Result<bool> Store::next() {
  auto row = cursor_->step();
  if (!row) {
    cursor_ = nullptr;
    return row;
  }
  if (*row) {
    read_head(*cursor_);
  } else {
    rest();
  }
  return row;
}

void Store::read_head(const Statement& row) {
  head_.id = static_cast<RecordId>(row.integer(0));
  head_.kind = static_cast<std::uint8_t>(row.integer(1));
  head_.signal = static_cast<std::uint8_t>(row.integer(2));
  head_.origin = static_cast<std::uint8_t>(row.integer(3));
  head_.coding = static_cast<std::uint8_t>(row.integer(4));
  head_.time = row.integer(5);
  head_.born = row.integer(6);
  head_.items = static_cast<std::uint32_t>(row.integer(7));
  head_.size = static_cast<std::uint32_t>(row.integer(8));
  head_.crc = static_cast<std::uint32_t>(row.integer(9));
  head_.stored = static_cast<std::uint64_t>(row.integer(10));
}

std::string Store::body() const {
  return std::string(cursor_->bytes(11));
}

void Store::rest() {
  if (cursor_ != nullptr) cursor_->reset();
  cursor_ = nullptr;
}

}  // namespace edgehaul::spool
