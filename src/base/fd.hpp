// SPDX-License-Identifier: Apache-2.0
// Descriptors that close themselves, and reading whole small files into a reused buffer with a
// bound. Everything is opened with O_CLOEXEC. Each object belongs to one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace edgehaul::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// "open /x: Permission denied"; the code is absent for ENOENT, ENODEV, ENOTDIR, ENXIO, ESRCH and
// EOPNOTSUPP (a /proc file whose feature is switched off at boot), refused for EACCES and EPERM,
// full for ENOSPC and EDQUOT, else io.
Error system_error(std::string_view what, int error_number);

// How many descriptors this process may have open (RLIMIT_NOFILE).
std::size_t descriptor_limit();

// Opens `path` below `dir` (AT_FDCWD for the working directory) for reading; `flags` are or-ed in.
Result<Fd> open_at(int dir, const char* path, int flags = 0);

// The largest file that read_file takes unless told otherwise; /proc files of big hosts fit.
inline constexpr std::size_t kMaxFileBytes = 8 * 1024 * 1024;

// Reads all of a file into `buffer` (cleared first, its capacity kept) and returns a view of it.
// More than `limit` bytes is Errc::too_large. The view dies with the buffer's next use.
Result<std::string_view> read_file(const std::string& path, std::string& buffer,
                                   std::size_t limit = kMaxFileBytes);
Result<std::string_view> read_file_at(int dir, const char* path, std::string& buffer,
                                      std::size_t limit = kMaxFileBytes);
// Reads an open descriptor from offset 0 with pread, so that a kept descriptor can be read again.
Result<std::string_view> read_fd(int fd, std::string& buffer, std::size_t limit = kMaxFileBytes);
// The same for a kernel file whose records (lines, mostly) are far below 3 KiB each: the kernel
// stops short only before a record that does not fit into the rest of its page, so after a short
// first part nothing is left, and asking again is spared.
Result<std::string_view> read_fd_of_short_records(int fd, std::string& buffer,
                                                  std::size_t limit = kMaxFileBytes);

// First line of a small file, trimmed; for one-value sysfs files.
Result<std::string> read_line(const std::string& path);

// Writes `data` to `path` atomically and durably: temporary file, fsync, rename, fsync of the
// folder.
Result<void> write_file_durably(const std::string& path, std::string_view data,
                                unsigned mode = 0600);

}  // namespace edgehaul::base
