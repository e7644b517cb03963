// SPDX-License-Identifier: Apache-2.0
// The small tables: shapes, records set aside, destinations, named values.
#include "base/text.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

namespace {

// The words of a server are its own; a kilobyte of them tells enough.
constexpr std::size_t kMaxWords = 1024;

constexpr std::string_view kAsideColumns =
    "destination,since,words,record,kind,signal,origin,coding,time,born,items,size,crc,body";

// Nothing when its CRC does not fit.
std::optional<Store::ShapeRow> shape_in(const Statement& row) {
  Store::ShapeRow shape{static_cast<std::uint64_t>(row.integer(0)),
                        static_cast<std::uint64_t>(row.integer(1)),
                        static_cast<std::uint64_t>(row.integer(2)), std::string(row.bytes(4))};
  if (crc_of_shape(shape) != static_cast<std::uint32_t>(row.integer(3))) return std::nullopt;
  return shape;
}

}  // namespace

Result<std::map<std::uint64_t, Store::KeptShape>> Store::shapes() {
  std::map<std::uint64_t, KeptShape> all;
  for (const std::string_view table : kShapeTables) {
    auto rows = database_->prepare(fmt::format("SELECT id,base,size,crc,body FROM {}", table));
    if (!rows) return pass(std::move(rows.error()));
    auto row = rows->step();
    for (; row && *row; row = rows->step()) {
      const auto shape = shape_in(*rows);
      if (!shape) continue;
      KeptShape& kept = all[shape->id];
      kept.base = shape->base;
      ++kept.copies;
    }
    if (!row) return pass(std::move(row.error()));
  }
  return all;
}

Result<Store::ShapeRow> Store::shape(std::uint64_t id) {
  Error why(Errc::absent, fmt::format("shape {} is missing", id));
  for (const std::string_view table : kShapeTables) {
    auto rows =
        database_->prepare(fmt::format("SELECT id,base,size,crc,body FROM {} WHERE id=?1", table));
    if (!rows) return pass(std::move(rows.error()));
    auto row = rows->bind(1, static_cast<std::int64_t>(id)).step();
    if (!row) {
      why = std::move(row.error());
    } else if (auto shape = *row ? shape_in(*rows) : std::nullopt) {
      return std::move(*shape);
    }
  }
  return pass(std::move(why));
}

Result<void> Store::save_shape(const ShapeRow& shape) {
  for (const std::string_view table : kShapeTables) {
    auto insert = database_->prepare(fmt::format(
        "INSERT OR REPLACE INTO {}(id,base,size,crc,body) VALUES(?1,?2,?3,?4,?5)", table));
    if (!insert) return pass(std::move(insert.error()));
    auto done = insert->bind(1, static_cast<std::int64_t>(shape.id))
                    .bind(2, static_cast<std::int64_t>(shape.base))
                    .bind(3, static_cast<std::int64_t>(shape.size))
                    .bind(4, crc_of_shape(shape))
                    .bind_blob(5, shape.body)
                    .run();
    if (!done) return done;
  }
  return {};
}

Result<void> Store::erase_shape(std::uint64_t id) {
  for (const std::string_view table : kShapeTables) {
    auto done = database_->run(fmt::format("DELETE FROM {} WHERE id={}", table, id));
    if (!done) return done;
  }
  return {};
}

Result<std::vector<std::uint64_t>> Store::shapes_in_use() {
  auto rows = database_->prepare("SELECT DISTINCT shape FROM frames WHERE shape<>0");
  if (!rows) return pass(std::move(rows.error()));
  std::vector<std::uint64_t> all;
  for (;;) {
    auto row = rows->step();
    if (!row) return pass(std::move(row.error()));
    if (!*row) return all;
    all.push_back(static_cast<std::uint64_t>(rows->integer(0)));
  }
}

Result<void> Store::set_aside(const Rejection& rejection) {
  const std::string words = text::to_utf8(std::string_view(rejection.words).substr(0, kMaxWords));
  const bool is_here = rejection.record.has_value();
  auto statement = database_->prepare(
      is_here ? fmt::format("INSERT INTO set_aside({}) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
                            "?12,?13,?14)",
                            kAsideColumns)
              : fmt::format("INSERT INTO set_aside({}) SELECT ?1,?2,?3,id,kind,signal,origin,"
                            "coding,time,born,items,size,crc,body FROM records WHERE id=?4",
                            kAsideColumns));
  if (!statement) return pass(std::move(statement.error()));
  statement->bind_text(1, rejection.destination)
      .bind(2, rejection.since)
      .bind_text(3, words)
      .bind(4, static_cast<std::int64_t>(rejection.id));
  if (is_here) {
    const StoredRecord& record = *rejection.record;
    statement->bind(5, record.kind)
        .bind(6, record.signal)
        .bind(7, record.origin)
        .bind(8, record.coding)
        .bind(9, record.time)
        .bind(10, record.born)
        .bind(11, record.items)
        .bind(12, record.size)
        .bind(13, record.crc)
        .bind_blob(14, record.body);
  }
  return statement->run();
}

Result<Store::Aside> Store::aside() {
  auto statement =
      database_->prepare("SELECT count(*),coalesce(sum(length(body)+512),0) FROM set_aside");
  if (!statement) return pass(std::move(statement.error()));
  if (auto row = statement->step(); !row) return pass(std::move(row.error()));
  return Aside{static_cast<std::uint64_t>(statement->integer(0)),
               static_cast<std::uint64_t>(statement->integer(1))};
}

Result<std::uint64_t> Store::drop_oldest_aside(std::uint64_t bytes) {
  std::int64_t last = 0;
  {
    auto rows = database_->prepare("SELECT id,length(body)+512 FROM set_aside ORDER BY id");
    if (!rows) return pass(std::move(rows.error()));
    for (std::uint64_t sum = 0; sum < bytes;) {
      auto row = rows->step();
      if (!row) return pass(std::move(row.error()));
      if (!*row) break;
      last = rows->integer(0);
      sum += static_cast<std::uint64_t>(rows->integer(1));
    }
  }
  auto gone = database_->run(fmt::format("DELETE FROM set_aside WHERE id<={}", last));
  if (!gone) return pass(std::move(gone.error()));
  return static_cast<std::uint64_t>(database_->changes());
}

Result<std::vector<Store::Progress>> Store::progress() {
  auto rows = database_->prepare("SELECT name,settled FROM destinations ORDER BY id");
  if (!rows) return pass(std::move(rows.error()));
  std::vector<Progress> all;
  for (;;) {
    auto row = rows->step();
    if (!row) return pass(std::move(row.error()));
    if (!*row) return all;
    // Unreadable progress costs deliveries made twice, not records.
    auto settled = parse_ids(rows->bytes(1));
    all.push_back({std::string(rows->bytes(0)), settled ? std::move(*settled) : IdSet()});
  }
}

Result<void> Store::save_progress(std::string_view name, const IdSet& settled) {
  const std::string ids = format_ids(settled);
  auto update = database_->prepare("UPDATE destinations SET settled=?2 WHERE name=?1");
  if (!update) return pass(std::move(update.error()));
  if (auto done = update->bind_text(1, name).bind_text(2, ids).run(); !done) return done;
  if (database_->changes() > 0) return {};
  auto insert = database_->prepare("INSERT INTO destinations(name,settled) VALUES(?1,?2)");
  if (!insert) return pass(std::move(insert.error()));
  return insert->bind_text(1, name).bind_text(2, ids).run();
}

Result<void> Store::drop_progress(std::string_view name) {
  auto statement = database_->prepare("DELETE FROM destinations WHERE name=?1");
  if (!statement) return pass(std::move(statement.error()));
  return statement->bind_text(1, name).run();
}

Result<std::map<std::string, std::string, std::less<>>> Store::values() {
  auto rows = database_->prepare("SELECT name,value,crc FROM named_values ORDER BY id");
  if (!rows) return pass(std::move(rows.error()));
  std::map<std::string, std::string, std::less<>> all;
  for (;;) {
    auto row = rows->step();
    if (!row) return pass(std::move(row.error()));
    if (!*row) return all;
    std::string name(rows->bytes(0));
    std::string value(rows->bytes(1));
    if (crc_of_value(name, value) == static_cast<std::uint32_t>(rows->integer(2))) {
      all[std::move(name)] = std::move(value);
    }
  }
}

Result<void> Store::drop_value(std::string_view name) {
  auto statement = database_->prepare("DELETE FROM named_values WHERE name=?1");
  if (!statement) return pass(std::move(statement.error()));
  return statement->bind_text(1, name).run();
}

Result<void> Store::save_value(std::string_view name, std::string_view value) {
  const auto crc = static_cast<std::int64_t>(crc_of_value(name, value));
  auto update = database_->prepare("UPDATE named_values SET value=?2,crc=?3 WHERE name=?1");
  if (!update) return pass(std::move(update.error()));
  if (auto done = update->bind_text(1, name).bind_blob(2, value).bind(3, crc).run(); !done) {
    return done;
  }
  if (database_->changes() > 0) return {};
  auto insert = database_->prepare("INSERT INTO named_values(name,value,crc) VALUES(?1,?2,?3)");
  if (!insert) return pass(std::move(insert.error()));
  return insert->bind_text(1, name).bind_blob(2, value).bind(3, crc).run();
}

}  // namespace edgehaul::spool
