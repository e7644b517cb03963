// SPDX-License-Identifier: Apache-2.0
// The processes of a procfs: their PIDs, and reading the start of their small files without an
// allocation. Collect thread.
#pragma once

#include <dirent.h>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace edgehaul::host {

// Reads a file below `dir` until it ends or `buffer` is full.
Result<std::string_view> read_prefix(int dir, const char* path, std::span<char> buffer);

class PidDir {
 public:
  // More processes than this are not looked at one by one.
  static constexpr std::size_t kMaxListed = 65536;

  explicit PidDir(std::string path) : path_(std::move(path)) {}

  // Lists the PIDs, ascending; at most kMaxListed, total() says how many there are.
  Result<std::span<const std::uint32_t>> list();
  std::span<const std::uint32_t> listed() const { return pids_; }
  std::size_t total() const { return total_; }
  // Whether the folder is a procfs, not a recorded copy of one. After list().
  bool is_procfs() const { return is_procfs_; }
  Result<base::Fd> open(std::uint32_t pid, std::string_view name);
  // Reads the start of PID/name; a process that is gone is Errc::absent.
  Result<std::string_view> read(std::uint32_t pid, std::string_view name, std::span<char> buffer);
  // Target of PID/exe or the like.
  Result<std::string_view> read_link(std::uint32_t pid, std::string_view name,
                                     std::span<char> buffer);
  // Entries of PID/fd or the like.
  Result<std::uint64_t> count_entries(std::uint32_t pid, std::string_view name);

 private:
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const char* path_of(std::uint32_t pid, std::string_view name);
  int fd() const { return ::dirfd(dir_.get()); }

  std::string path_;
  std::unique_ptr<DIR, Close> dir_;
  std::vector<std::uint32_t> pids_;
  std::size_t total_ = 0;
  bool is_procfs_ = false;
  char name_[32] = {};
};

}  // namespace edgehaul::host
