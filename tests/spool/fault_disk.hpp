// SPDX-License-Identifier: Apache-2.0
// A disk that fails on command: an SQLite VFS over the system's own, made the default while it
// lives. Set the faults from any thread.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <sqlite3.h>
#include <unistd.h>

namespace edgehaul::test {

class FaultDisk {
 public:
  FaultDisk() {
    base_ = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs vfs;
    vfs = *base_;
    vfs.zName = "faulty";
    vfs.xOpen = open;
    vfs_ = &vfs;
    write_fault = sync_fault = one_sync_fault = open_fault = SQLITE_OK;
    grow_limit = INT64_MAX;
    writes = largest_write = 0;
    held_ = nullptr;
    ballast_bytes = 0;
    sqlite3_vfs_register(vfs_, 1);
  }
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;
  ~FaultDisk() {
    sqlite3_vfs_unregister(vfs_);
    sqlite3_vfs_register(base_, 1);
  }

  // Writes wait while the flag is up.
  static void hold(const std::atomic<bool>* flag) { held_ = flag; }

  // SQLITE_OK, or what the call answers.
  static inline std::atomic<int> write_fault;
  static inline std::atomic<int> sync_fault;
  static inline std::atomic<int> one_sync_fault;  // the next one alone
  static inline std::atomic<int> open_fault;
  // No file may be written past this many bytes: a full disk that still takes rewrites.
  static inline std::atomic<std::int64_t> grow_limit;
  // What was asked for: how many writes, and the bytes of the largest.
  static inline std::atomic<int> writes;
  static inline std::atomic<int> largest_write;
  // Without this file there is so much more room.
  static inline std::string ballast;
  static inline std::atomic<std::int64_t> ballast_bytes;

 private:
  // The log is opened with other locking methods than the database: a few tables, each patched
  // once. Reading and writing are the same functions in all of them.
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    if (open_fault != SQLITE_OK) return open_fault;
    const int rc = base_->xOpen(base_, name, file, flags, out);
    if (rc != SQLITE_OK || file->pMethods == nullptr) return rc;
    methods_ = file->pMethods;
    static std::mutex mutex;
    static std::map<const sqlite3_io_methods*, sqlite3_io_methods> patched;
    const std::lock_guard lock(mutex);
    const auto [at, is_new] = patched.try_emplace(file->pMethods, *file->pMethods);
    if (is_new) {
      at->second.xWrite = write;
      at->second.xSync = sync;
    }
    file->pMethods = &at->second;
    return rc;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    while (held_ != nullptr && *held_.load())
      std::this_thread::yield();
    if (write_fault != SQLITE_OK) return write_fault;
    ++writes;
    if (size > largest_write) largest_write = size;
    sqlite3_int64 now = 0;
    const sqlite3_io_methods* methods = methods_;
    methods->xFileSize(file, &now);
    const std::int64_t spare = ::access(ballast.c_str(), F_OK) == 0 ? 0 : ballast_bytes.load();
    if (offset + size > now && offset + size > grow_limit + spare) return SQLITE_FULL;
    return methods_.load()->xWrite(file, data, size, offset);
  }
  static int sync(sqlite3_file* file, int flags) {
    if (sync_fault != SQLITE_OK) return sync_fault;
    if (const int fault = one_sync_fault.exchange(SQLITE_OK); fault != SQLITE_OK) return fault;
    return methods_.load()->xSync(file, flags);
  }

  static inline sqlite3_vfs* base_ = nullptr;
  static inline std::atomic<const sqlite3_io_methods*> methods_ = nullptr;
  static inline std::atomic<const std::atomic<bool>*> held_ = nullptr;
  sqlite3_vfs* vfs_ = nullptr;
};

}  // namespace edgehaul::test
