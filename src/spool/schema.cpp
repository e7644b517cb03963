// SPDX-License-Identifier: Apache-2.0
#include "spool/schema.hpp"

#include <array>
#include <string>

namespace edgehaul::spool {

namespace {

// The columns of a record are small and stand before the body, so that they are read without its
// overflow pages. Column numbers are known to row_reader.cpp too.
constexpr const char* kTables = R"sql(
CREATE TABLE records(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL, signal INTEGER NOT NULL, origin INTEGER NOT NULL, coding INTEGER NOT NULL,
  time INTEGER NOT NULL, born INTEGER NOT NULL, items INTEGER NOT NULL, size INTEGER NOT NULL,
  crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE set_aside(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT NOT NULL, since INTEGER NOT NULL, words TEXT NOT NULL, record INTEGER NOT NULL,
  kind INTEGER NOT NULL, signal INTEGER NOT NULL, origin INTEGER NOT NULL, coding INTEGER NOT NULL,
  time INTEGER NOT NULL, born INTEGER NOT NULL, items INTEGER NOT NULL, size INTEGER NOT NULL,
  crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE destinations(id INTEGER PRIMARY KEY, name TEXT NOT NULL, settled TEXT NOT NULL);
CREATE TABLE named_values(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, value BLOB NOT NULL, crc INTEGER NOT NULL);
INSERT INTO sqlite_sequence(name, seq) VALUES('records', 0), ('set_aside', 0);
)sql";

// Ids of both tables are of one sequence; sqlite_sequence runs ahead of those in frames, so that a
// tick writes one page instead of two. A shape's id is the hash of its bytes; what many ticks need
// lies in two trees, so that a damaged page costs one copy of it.
constexpr const char* kFrames = R"sql(
CREATE TABLE frames(
  id INTEGER PRIMARY KEY, shape INTEGER NOT NULL, time INTEGER NOT NULL, until INTEGER NOT NULL,
  born INTEGER NOT NULL, items INTEGER NOT NULL, size INTEGER NOT NULL, crc INTEGER NOT NULL,
  ids TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE shapes(
  id INTEGER PRIMARY KEY, base INTEGER NOT NULL, size INTEGER NOT NULL, crc INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE TABLE shapes_copy(
  id INTEGER PRIMARY KEY, base INTEGER NOT NULL, size INTEGER NOT NULL, crc INTEGER NOT NULL,
  body BLOB NOT NULL);
)sql";

Result<void> set_version(Database& database, std::int64_t version) {
  return database.run(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, version));
}

Result<void> apply(Database& database, const char* sql, std::int64_t version) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return pass(std::move(transaction.error()));
  if (auto done = database.run(sql); !done) return done;
  if (auto done = set_version(database, version); !done) return done;
  return transaction->commit();
}

}  // namespace

std::span<const SchemaStep> schema_steps() {
  static const std::string create = std::string(kTables) + kFrames;
  static const std::array steps = {SchemaStep{1, kTables, ""},
                                   SchemaStep{2, create.c_str(), kFrames}};
  return steps;
}

Result<void> prepare_schema(Database& database, std::span<const SchemaStep> steps) {
  const SchemaStep& last = steps.back();
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return pass(Error(version.error()));
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return pass(Error(application.error()));
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return pass(Error(tables.error()));
  if (*version == 0 && *tables == 0) return apply(database, last.create, last.to);
  if (*application != kApplicationId) {
    return fail(Errc::invalid, "an SQLite file that is not a spool");
  }
  if (*version == last.to) return {};
  if (*version == last.to - 1 && *last.upgrade != '\0') {
    return apply(database, last.upgrade, last.to);
  }
  return fail(Errc::invalid, "spool format {}, and this edgehaul reads up to {}", *version,
              last.to);
}

}  // namespace edgehaul::spool
