// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.hpp"

namespace edgehaul::base {

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error system_error(std::string_view what, int error_number) {
  Errc code = Errc::io;
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENOTDIR:
    case ENXIO:
    case ESRCH:
    case EOPNOTSUPP:
      code = Errc::absent;
      break;
    case EACCES:
    case EPERM:
      code = Errc::refused;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Errc::full;
      break;
    default:
      break;
  }
  char text[128];
  return {code, fmt::format("{}: {}", what, ::strerror_r(error_number, text, sizeof text))};
}

std::size_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

Result<Fd> open_at(int dir, const char* path, int flags) {
  Fd fd(::openat(dir, path, O_RDONLY | O_CLOEXEC | flags));
  if (!fd) return pass(system_error(path, errno));
  return fd;
}

namespace {

// Ends at the end of the file, or before at a part of fewer than `short_part` bytes.
Result<std::string_view> read_parts(int fd, std::string& buffer, std::size_t limit,
                                    std::size_t short_part) {
  constexpr std::size_t kStep = 4096;
  buffer.clear();
  std::size_t filled = 0;
  for (;;) {
    if (buffer.size() < filled + kStep) {
      buffer.resize(std::max(filled + kStep, std::min(buffer.capacity(), limit + kStep)));
    }
    const ssize_t got =
        ::pread(fd, buffer.data() + filled, buffer.size() - filled, static_cast<off_t>(filled));
    if (got < 0) {
      if (errno == EINTR) continue;
      const int why = errno;
      buffer.clear();
      return pass(system_error("read", why));
    }
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      buffer.clear();
      return fail(Errc::too_large, "larger than {} bytes", limit);
    }
    if (got == 0 || static_cast<std::size_t>(got) < short_part) break;
  }
  buffer.resize(filled);
  return std::string_view(buffer);
}

}  // namespace

Result<std::string_view> read_fd(int fd, std::string& buffer, std::size_t limit) {
  return read_parts(fd, buffer, limit, 1);
}

Result<std::string_view> read_fd_of_short_records(int fd, std::string& buffer, std::size_t limit) {
  constexpr std::size_t kShortPart = 1024;
  return read_parts(fd, buffer, limit, kShortPart);
}

Result<std::string_view> read_file_at(int dir, const char* path, std::string& buffer,
                                      std::size_t limit) {
  auto fd = open_at(dir, path, O_NONBLOCK | O_NOCTTY);
  if (!fd) {
    buffer.clear();
    return pass(std::move(fd.error()));
  }
  auto body = read_fd(fd->get(), buffer, limit);
  if (!body) return within(path, std::move(body.error()));
  return body;
}

Result<std::string_view> read_file(const std::string& path, std::string& buffer,
                                   std::size_t limit) {
  return read_file_at(AT_FDCWD, path.c_str(), buffer, limit);
}

Result<std::string> read_line(const std::string& path) {
  std::string buffer;
  auto body = read_file(path, buffer, 64 * 1024);
  if (!body) return pass(std::move(body.error()));
  std::string_view rest = *body;
  return std::string(text::trim(text::next_line(rest).value_or("")));
}

namespace {

Result<void> write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t wrote = ::write(fd, data.data(), data.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return pass(system_error("write", errno));
    data.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return pass(system_error("fsync", errno));
  return {};
}

}  // namespace

Result<void> write_file_durably(const std::string& path, std::string_view data, unsigned mode) {
  const std::string temporary = path + ".new";
  Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                 static_cast<mode_t>(mode)));
  if (!file) return pass(system_error(temporary, errno));
  if (auto wrote = write_all(file.get(), data); !wrote) {
    ::unlink(temporary.c_str());
    return within(temporary, std::move(wrote.error()));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int why = errno;
    ::unlink(temporary.c_str());
    return pass(system_error(path, why));
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) ::fsync(dir.get());
  return {};
}

}  // namespace edgehaul::base
