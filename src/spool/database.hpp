// SPDX-License-Identifier: Apache-2.0
// SQLite with destructors: the only writing connection of a spool, its statements and transactions.
// Errors are sorted by what can be done about them: Errc::full (no room: make some), malformed (the
// file is damaged: quarantine it), refused (not writable), unavailable (somebody else's lock), io
// (the handle is suspect: close, reopen). Lives on the spool's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace edgehaul::spool {

class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }

  // Parameters count from 1. Bytes are not copied: they must live until the next reset.
  Statement& bind(int index, std::int64_t value);
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);

  Result<bool> step();  // true: there is a row
  Result<void> run();   // to the end, then reset
  void reset();

  // Columns count from 0; views die with the next step.
  std::int64_t integer(int column) const;
  std::string_view bytes(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Opens or creates `path` (0600) in WAL mode with every setting the spool relies on.
  static constexpr std::size_t kCache = 256U << 10;  // bytes of pages
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                std::size_t cache = kCache);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);
  Result<void> run(std::string_view sql);
  Result<std::int64_t> integer(std::string_view sql);  // first column of the first row

  std::uint64_t wal_pages() const { return wal_pages_; }  // in the log after the last commit
  // Moves the log into the database; the next commit starts the log anew. `shrink` also truncates
  // the file. A reader may keep it from finishing: then wal_pages() stays.
  Result<void> checkpoint(bool shrink);
  bool in_transaction() const;
  int changes() const;
  void free_memory();
  // Lets the destructor checkpoint and remove the -wal and -shm files.
  void close_cleanly();

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  Result<void> configure(std::size_t cache);
  Error error(std::string_view what) const;

  sqlite3* handle_;
  std::uint64_t wal_pages_ = 0;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace edgehaul::spool
