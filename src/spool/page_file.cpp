// SPDX-License-Identifier: Apache-2.0
#include "spool/page_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edgehaul::spool {

namespace {

constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;
// Commit after commit is gathered before it counts; a log is bounded by the spool that wrote it,
// and by this against a hostile one (1 GiB).
constexpr std::uint32_t kMaxFrames = 1U << 18;
constexpr int kAttempts = 10;

Result<void> read_exactly(int fd, std::string& into, std::size_t size, std::uint64_t offset) {
  into.resize(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        ::pread(fd, into.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return pass(base::system_error("read", errno));
    if (got == 0) return fail(Errc::malformed, "the file is cut short");
    filled += static_cast<std::size_t>(got);
  }
  return {};
}

struct Checksum {
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  bool operator==(const Checksum&) const = default;

  void add(std::string_view bytes, bool is_big_endian) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      a += word(bytes, i, is_big_endian) + b;
      b += word(bytes, i + 4, is_big_endian) + a;
    }
  }

  static std::uint32_t word(std::string_view bytes, std::size_t at, bool is_big_endian) {
    const auto value = static_cast<std::uint32_t>(big_endian(bytes, at, 4));
    return is_big_endian ? value : __builtin_bswap32(value);
  }
};

std::int64_t size_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

}  // namespace

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

Result<PageFile> PageFile::open(const std::string& path) {
  for (int attempt = 0;; ++attempt) {
    PageFile pages;
    pages.path_ = path;
    if (auto opened = pages.open_files(); !opened) return pass(std::move(opened.error()));
    pages.stamp_ = pages.stamp();
    if (auto read = pages.read_log(); !read) return within(path, std::move(read.error()));
    // A checkpoint while the log was read would mix two commits. The owner does not checkpoint all
    // the time; a file that never stands still is taken as it is.
    if (attempt == kAttempts || pages.is_current()) return pages;
  }
}

Result<void> PageFile::open_files() {
  auto file = base::open_at(AT_FDCWD, path_.c_str(), O_NONBLOCK | O_NOCTTY);
  if (!file) return pass(std::move(file.error()));
  file_ = std::move(*file);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Errc::invalid, "{}: not a file", path_);
  }
  pages_ = static_cast<std::uint32_t>(
      std::min<std::int64_t>(info.st_size / static_cast<std::int64_t>(kPage), UINT32_MAX));
  auto log = base::open_at(AT_FDCWD, (path_ + "-wal").c_str(), O_NONBLOCK | O_NOCTTY);
  if (log) {
    log_ = std::move(*log);
  } else if (log.error().code != Errc::absent) {
    return pass(std::move(log.error()));
  }
  return {};
}

Result<void> PageFile::read_log() {
  if (!log_) return {};
  const std::int64_t size = size_of(log_.get());
  std::string header;
  if (size < static_cast<std::int64_t>(kLogHeader)) return {};
  if (auto read = read_exactly(log_.get(), header, kLogHeader, 0); !read) return {};
  const std::uint64_t magic = big_endian(header, 0, 4);
  has_log_tail_ = true;
  if ((magic & ~1ULL) != 0x377f0682 || big_endian(header, 8, 4) != kPage) return {};
  const bool is_big = (magic & 1) != 0;
  Checksum sum;
  sum.add(std::string_view(header).substr(0, 24), is_big);
  if (sum != Checksum{static_cast<std::uint32_t>(big_endian(header, 24, 4)),
                      static_cast<std::uint32_t>(big_endian(header, 28, 4))}) {
    return {};
  }
  std::map<std::uint32_t, std::uint64_t> open_commit;
  std::string frame;
  std::uint64_t at = kLogHeader;
  for (std::uint32_t i = 1; i <= kMaxFrames; ++i, at += kFrameHeader + kPage) {
    // A stale frame of the log's life before has other salts: not damage, the end.
    if (!read_exactly(log_.get(), frame, kFrameHeader + kPage, at)) {
      has_log_tail_ = static_cast<std::int64_t>(at) < size;
      break;
    }
    if (frame.compare(8, 8, header, 16, 8) != 0) {
      has_log_tail_ = false;
      break;
    }
    sum.add(std::string_view(frame).substr(0, 8), is_big);
    sum.add(std::string_view(frame).substr(kFrameHeader), is_big);
    if (sum != Checksum{static_cast<std::uint32_t>(big_endian(frame, 16, 4)),
                        static_cast<std::uint32_t>(big_endian(frame, 20, 4))}) {
      break;
    }
    open_commit[static_cast<std::uint32_t>(big_endian(frame, 0, 4))] = at + kFrameHeader;
    const auto pages_after = static_cast<std::uint32_t>(big_endian(frame, 4, 4));
    if (pages_after == 0) continue;
    for (const auto& [number, offset] : open_commit)
      in_log_[number] = offset;
    open_commit.clear();
    pages_ = std::max(pages_, pages_after);
    log_frames_ = i;
  }
  return {};
}

PageFile::Stamp PageFile::stamp() const {
  Stamp stamp;
  struct stat info {};
  // By name: a file replaced by another (quarantine, compaction) is not current either.
  if (::stat(path_.c_str(), &info) == 0) {
    stamp.size = info.st_size;
    stamp.modified = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
    stamp.inode = info.st_ino;
  }
  std::array<char, kLogHeader> header{};
  if (log_ &&
      ::pread(log_.get(), header.data(), header.size(), 0) == static_cast<ssize_t>(header.size())) {
    stamp.salts = big_endian({header.data(), header.size()}, 16, 8);
  }
  return stamp;
}

bool PageFile::is_current() const {
  return stamp() == stamp_;
}

Result<std::string_view> PageFile::page(std::uint32_t number, std::string& buffer) const {
  if (number == 0 || number > pages_) return fail(Errc::malformed, "no page {}", number);
  const auto logged = in_log_.find(number);
  const bool is_logged = logged != in_log_.end();
  const std::uint64_t offset =
      is_logged ? logged->second : static_cast<std::uint64_t>(number - 1) * kPage;
  auto read = read_exactly(is_logged ? log_.get() : file_.get(), buffer, kPage, offset);
  if (!read) return within(fmt::format("page {}", number), std::move(read.error()));
  return std::string_view(buffer);
}

}  // namespace edgehaul::spool
