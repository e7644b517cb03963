// SPDX-License-Identifier: Apache-2.0
// The spool's folder and the files in it besides the database: the owner's lock, the ballast that
// is given back when the disk is full, damaged files kept for people. Spool thread; the measuring
// functions are const and may be called from any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"

namespace edgehaul::spool {

struct FileSystem {
  std::string name;  // "ext4", or its magic number in hex
  bool is_persistent = true;
};

class Directory {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/spool.db"; }
  std::string salvaging() const { return path_ + "/spool.db.salvaging"; }

  Result<void> make();           // the folder (0700), where it is missing
  Result<void> make_database();  // the database file (0600), where it is missing
  // Takes the lock for as long as this object lives. Errc::invalid names the owner's pid;
  // every other error means that the folder cannot be used now.
  Result<void> take_lock();

  void release_lock() { lock_.reset(); }  // its file is gone, and the lock with it
  // Which file bears the database's name now; 0: none.
  std::uint64_t database_id() const;
  void sync() const;  // makes renames and new files last

  // Allocates or removes the ballast. False: the disk has no room for it.
  bool hold_ballast(std::uint64_t bytes);
  void release_ballast();
  bool has_ballast() const { return has_ballast_; }

  // spool.db and its -wal and -shm become spool.db.salvaging….
  Result<void> move_to_salvage();
  // Completes a move that a crash cut short. Only while no database is open.
  void complete_move();
  bool is_salvage_open() const;
  // spool.db.salvaging… become spool.db.damaged-<time>…; then the oldest damaged files go until at
  // most `files` of them and `bytes` are left. Returns how many are left.
  std::size_t finish_salvage(base::UnixNanos now, std::size_t files, std::uint64_t bytes);
  std::size_t damaged_files() const;
  // spool.db… of a newer version become spool.db.newer-<time>…, kept for ever.
  Result<std::string> put_newer_aside(base::UnixNanos now);

  std::uint64_t bytes() const;            // of all that is ours and counts towards max_size
  std::uint64_t companion_bytes() const;  // the same without database, -wal, -shm and ballast
  FileSystem file_system() const;         // of the folder, or where it will be made
  std::uint64_t free_bytes() const;       // on the file system, for us

 private:
  Result<void> move_database(const std::string& to);
  std::string stamp(std::string_view kind, base::UnixNanos now) const;

  std::string path_;
  base::Fd lock_;
  bool has_ballast_ = false;
};

}  // namespace edgehaul::spool
