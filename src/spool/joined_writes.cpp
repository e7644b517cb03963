// SPDX-License-Identifier: Apache-2.0
#include "spool/joined_writes.hpp"

#include <cstddef>
#include <new>
#include <string>

#include <sqlite3.h>

namespace edgehaul::spool {

namespace {

// SQLite's unix files take the lower 17 bits of a size for the size.
constexpr std::size_t kMostWaiting = (1 << 17) - 1;

// The system's own file lies behind it, in the room that SQLite gives for both.
struct Log {
  sqlite3_file base;
  std::string* waiting;  // what is to be written at `start`
  sqlite3_int64 start;
};

Log& log_of(sqlite3_file* file) {
  return *reinterpret_cast<Log*>(file);
}

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<Log*>(file) + 1);
}

// What fails is forgotten: SQLite takes the transaction back and writes at the same place again.
int write_out(sqlite3_file* file) {
  Log& log = log_of(file);
  if (log.waiting->empty()) return SQLITE_OK;
  const int rc = real(file)->pMethods->xWrite(real(file), log.waiting->data(),
                                              static_cast<int>(log.waiting->size()), log.start);
  log.waiting->clear();
  return rc;
}

int write(sqlite3_file* file, const void* data, int count, sqlite3_int64 offset) {
  Log& log = log_of(file);
  const auto size = static_cast<std::size_t>(count);
  const auto waiting = log.waiting->size();
  const bool is_next = offset == log.start + static_cast<sqlite3_int64>(waiting);
  if (waiting != 0 && (!is_next || waiting + size > kMostWaiting)) {
    if (const int rc = write_out(file); rc != SQLITE_OK) return rc;
  }
  if (log.waiting->empty()) log.start = offset;
  try {
    log.waiting->append(static_cast<const char*>(data), size);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

int sync(sqlite3_file* file, int flags) {
  if (const int rc = write_out(file); rc != SQLITE_OK) return rc;
  return real(file)->pMethods->xSync(real(file), flags);
}

int read(sqlite3_file* file, void* data, int count, sqlite3_int64 offset) {
  if (const int rc = write_out(file); rc != SQLITE_OK) return rc;
  return real(file)->pMethods->xRead(real(file), data, count, offset);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int rc = write_out(file); rc != SQLITE_OK) return rc;
  return real(file)->pMethods->xFileSize(real(file), size);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int rc = write_out(file); rc != SQLITE_OK) return rc;
  return real(file)->pMethods->xTruncate(real(file), size);
}

// What still waits belongs to no commit.
int close(sqlite3_file* file) {
  delete log_of(file).waiting;
  return real(file)->pMethods->xClose(real(file));
}

int lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}

int unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}

int check_lock(sqlite3_file* file, int* held) {
  return real(file)->pMethods->xCheckReservedLock(real(file), held);
}

int control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}

int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 1,  // a log is neither shared nor mapped
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, out);
  Log& log = log_of(file);
  log.base.pMethods = nullptr;  // else SQLite closes what could not be opened
  log.waiting = new (std::nothrow) std::string;
  if (log.waiting == nullptr) return SQLITE_NOMEM;
  const int rc = system->xOpen(system, name, real(file), flags, out);
  if (rc == SQLITE_OK) {
    log.base.pMethods = &kMethods;
  } else {
    delete log.waiting;
  }
  return rc;
}

}  // namespace

const char* joined_writes() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *sqlite3_vfs_find(nullptr);
    made.zName = "edgehaul";
    made.szOsFile += static_cast<int>(sizeof(Log));
    made.xOpen = open;
    made.pNext = nullptr;
    return made;
  }();
  // What is registered already is moved, not doubled.
  sqlite3_vfs_register(&vfs, 0);
  return vfs.zName;
}

}  // namespace edgehaul::spool
