// SPDX-License-Identifier: Apache-2.0
// The pages of an SQLite file as its last commit left them (the log laid over the database), read
// with pread alone: no lock, no -shm, nothing is ever written, so it works on a live spool, a
// stopped one, a read-only folder and a damaged file. File format: sqlite.org/fileformat2.html.
// Each object belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace edgehaul::spool {

class PageFile {
 public:
  static constexpr std::size_t kPage = 4096;

  // Opens `path` and `path`-wal. A damaged header is no error here.
  static Result<PageFile> open(const std::string& path);

  std::uint32_t pages() const { return pages_; }
  // Page 1 is the first; the view dies with `buffer`'s next use.
  Result<std::string_view> page(std::uint32_t number, std::string& buffer) const;
  // False when the owner has moved the log into the database since open(): what is read from now on
  // may mix two commits. Open anew and go on.
  bool is_current() const;
  // Frames of the log that are whole and committed.
  std::uint32_t log_frames() const { return log_frames_; }
  // Bytes in the log behind its last whole commit: a torn tail or damage.
  bool has_log_tail() const { return has_log_tail_; }

 private:
  struct Stamp {
    std::uint64_t salts = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  Result<void> open_files();
  Result<void> read_log();
  Stamp stamp() const;

  std::string path_;
  base::Fd file_;
  base::Fd log_;
  std::uint32_t pages_ = 0;
  std::uint32_t log_frames_ = 0;
  bool has_log_tail_ = false;
  std::map<std::uint32_t, std::uint64_t> in_log_;  // page → offset of its content in the log
  Stamp stamp_;
};

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t width);

}  // namespace edgehaul::spool
