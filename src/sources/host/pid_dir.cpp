// SPDX-License-Identifier: Apache-2.0
#include "sources/host/pid_dir.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.hpp"

namespace edgehaul::host {

Result<std::string_view> read_prefix(int dir, const char* path, std::span<char> buffer) {
  auto file = base::open_at(dir, path, O_NONBLOCK | O_NOCTTY);
  if (!file) return pass(std::move(file.error()));
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(file->get(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return pass(base::system_error(path, errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return std::string_view(buffer.data(), filled);
}

Result<std::span<const std::uint32_t>> PidDir::list() {
  if (!dir_) {
    dir_.reset(::opendir(path_.c_str()));
    if (!dir_) return pass(base::system_error(path_, errno));
    struct statfs info {};
    is_procfs_ = ::fstatfs(fd(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
  }
  ::rewinddir(dir_.get());
  pids_.clear();
  total_ = 0;
  while (const dirent* entry = ::readdir(dir_.get())) {
    std::uint32_t pid = 0;
    if (!text::parse_into(std::string_view(entry->d_name), pid)) continue;
    ++total_;
    if (pids_.size() < kMaxListed) pids_.push_back(pid);
  }
  // procfs lists them in order, a recorded folder does not.
  if (!std::is_sorted(pids_.begin(), pids_.end())) std::sort(pids_.begin(), pids_.end());
  pids_.erase(std::unique(pids_.begin(), pids_.end()), pids_.end());
  return std::span<const std::uint32_t>(pids_);
}

const char* PidDir::path_of(std::uint32_t pid, std::string_view name) {
  const auto end = fmt::format_to_n(name_, sizeof name_ - 1, "{}/{}", pid, name);
  *end.out = '\0';
  return name_;
}

Result<base::Fd> PidDir::open(std::uint32_t pid, std::string_view name) {
  return base::open_at(fd(), path_of(pid, name), O_NONBLOCK | O_NOCTTY);
}

Result<std::string_view> PidDir::read(std::uint32_t pid, std::string_view name,
                                      std::span<char> buffer) {
  return read_prefix(fd(), path_of(pid, name), buffer);
}

Result<std::string_view> PidDir::read_link(std::uint32_t pid, std::string_view name,
                                           std::span<char> buffer) {
  const char* path = path_of(pid, name);
  const ssize_t length = ::readlinkat(fd(), path, buffer.data(), buffer.size());
  if (length < 0) return pass(base::system_error(path, errno));
  return std::string_view(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::uint64_t> PidDir::count_entries(std::uint32_t pid, std::string_view name) {
  const char* path = path_of(pid, name);
  auto folder = base::open_at(fd(), path, O_DIRECTORY);
  if (!folder) return pass(std::move(folder.error()));
  const std::unique_ptr<DIR, Close> entries(::fdopendir(folder->get()));
  if (!entries) return pass(base::system_error(path, errno));
  folder->release();
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(entries.get()))
    count += entry->d_name[0] == '.' ? 0 : 1;
  return count;
}

}  // namespace edgehaul::host
