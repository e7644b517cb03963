// SPDX-License-Identifier: Apache-2.0
#include "spool/database.hpp"

#include <cerrno>
#include <cstring>

#include <sqlite3.h>

#include "spool/joined_writes.hpp"

namespace edgehaul::spool {

namespace {

Errc sort(int extended, int system) {
  if (system == ENOSPC || system == EDQUOT) return Errc::full;
  switch (extended) {
    case SQLITE_READONLY_DBMOVED:  // the file was replaced below us
      return Errc::io;
    case SQLITE_IOERR_CORRUPTFS:
      return Errc::malformed;
    default:
      break;
  }
  switch (extended & 0xFF) {
    case SQLITE_FULL:
      return Errc::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:  // only a damaged tree shows two rows of one id
      return Errc::malformed;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::refused;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::unavailable;
    default:
      return Errc::io;
  }
}

Error error_of(sqlite3* handle, std::string_view what) {
  const int extended = sqlite3_extended_errcode(handle);
  const bool is_io = (extended & 0xFF) == SQLITE_IOERR || (extended & 0xFF) == SQLITE_CANTOPEN ||
                     (extended & 0xFF) == SQLITE_FULL;
  const int system = is_io ? sqlite3_system_errno(handle) : 0;
  std::string words = fmt::format("{}: {}", what, sqlite3_errmsg(handle));
  char buffer[128];
  if (system != 0) words += fmt::format(": {}", ::strerror_r(system, buffer, sizeof buffer));
  return {sort(extended, system), std::move(words)};
}

int keep_wal_size(void* slot, sqlite3*, const char*, int pages) {
  *static_cast<std::uint64_t*>(slot) = static_cast<std::uint64_t>(pages);
  return SQLITE_OK;
}

// FULL: every commit is one fdatasync of the log, and survives a power cut. secure_delete costs as
// much as writing the data again (Debian compiles it on). mmap would turn an I/O error into SIGBUS.
// temp_store MEMORY is safe: nothing here sorts.
constexpr const char* kSettings[] = {
    "PRAGMA page_size=4096",    "PRAGMA journal_mode=WAL",           "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=OFF", "PRAGMA journal_size_limit=4194304", "PRAGMA mmap_size=0",
    "PRAGMA temp_store=MEMORY", "PRAGMA trusted_schema=OFF",         "PRAGMA cell_size_check=ON",
};

}  // namespace

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  Error why = error_of(sqlite3_db_handle(statement_), "sqlite");
  sqlite3_reset(statement_);
  return pass(std::move(why));
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return pass(std::move(row.error()));
    if (!*row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::size_t cache) {
  sqlite3* handle = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &handle,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                                 joined_writes());
  if (handle == nullptr) return fail(Errc::io, "{}: out of memory", path);
  std::unique_ptr<Database> database(new Database(handle));
  if (rc != SQLITE_OK) return pass(database->error(path));
  if (auto ready = database->configure(cache); !ready)
    return within(path, std::move(ready.error()));
  return database;
}

Result<void> Database::configure(std::size_t cache) {
  // A foreign reader's checkpoint lock lasts milliseconds; longer is somebody else's mistake.
  sqlite3_busy_timeout(handle_, 100);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  for (const char* setting : kSettings) {
    if (auto done = run(setting); !done) return done;
  }
  if (auto done = run(fmt::format("PRAGMA cache_size=-{}", cache / 1024)); !done) return done;
  // Replaces the built-in hook, and with it the automatic checkpoint inside a commit.
  sqlite3_wal_hook(handle_, keep_wal_size, &wal_pages_);
  return {};
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

void Database::close_cleanly() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

Error Database::error(std::string_view what) const {
  return error_of(handle_, what);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    Error why = error("sqlite");
    // Our statements are right: a name that is not there was lost from a damaged schema.
    if (sqlite3_errcode(handle_) == SQLITE_ERROR) why.code = Errc::malformed;
    return pass(std::move(why));
  }
  return Statement(statement);
}

Result<void> Database::run(std::string_view sql) {
  if (sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return pass(error("sqlite"));
  }
  return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return pass(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return pass(std::move(row.error()));
  return *row ? statement->integer(0) : 0;
}

Result<void> Database::checkpoint(bool shrink) {
  int in_log = -1;
  int moved = -1;
  const int rc = sqlite3_wal_checkpoint_v2(
      handle_, "main", shrink ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART, &in_log,
      &moved);
  if (rc == SQLITE_OK) {
    wal_pages_ = 0;
    return {};
  }
  return pass(error("checkpoint"));
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

int Database::changes() const {
  return sqlite3_changes(handle_);
}

void Database::free_memory() {
  sqlite3_db_release_memory(handle_);
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto done = database.run("BEGIN IMMEDIATE"); !done) return pass(std::move(done.error()));
  return Transaction(database);
}

Transaction::~Transaction() {
  // FULL, IOERR and NOMEM may have rolled back already.
  if (database_ != nullptr && database_->in_transaction()) {
    static_cast<void>(database_->run("ROLLBACK"));
  }
}

Result<void> Transaction::commit() {
  if (auto done = database_->run("COMMIT"); !done) return done;
  database_ = nullptr;
  return {};
}

}  // namespace edgehaul::spool
