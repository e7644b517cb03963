// SPDX-License-Identifier: Apache-2.0
#include "spool/directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/text.hpp"

namespace edgehaul::spool {

using base::system_error;

namespace {

// The log is renamed before its database: a crash between the two leaves a database that is known
// to lack its log (finish_move), never a new database beside an old log.
constexpr std::string_view kParts[] = {"-wal", "-shm", ""};

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

struct File {
  std::string name;
  std::uint64_t bytes = 0;
};

std::vector<File> list(const std::string& path) {
  std::vector<File> files;
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(path.c_str()));
  if (!dir) return files;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with("spool.")) continue;
    struct stat info {};
    if (::fstatat(::dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) continue;
    files.push_back({std::string(name), static_cast<std::uint64_t>(info.st_size)});
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

void sync_directory(const std::string& path) {
  const base::Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) ::fsync(dir.get());
}

bool is_part_of(std::string_view name, std::string_view database) {
  return name.starts_with(database) &&
         std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) { return name.substr(database.size()) == part; });
}

}  // namespace

Result<void> Directory::make() {
  for (std::size_t slash = path_.find('/', 1); slash != std::string::npos;
       slash = path_.find('/', slash + 1)) {
    // Whatever is wrong with a parent shows below.
    static_cast<void>(::mkdir(path_.substr(0, slash).c_str(), 0755));
  }
  if (::mkdir(path_.c_str(), 0700) == 0) {
    sync_directory(path_ + "/..");
    return {};
  }
  if (errno == EEXIST) return {};
  return pass(system_error(path_, errno));
}

Result<void> Directory::make_database() {
  // SQLite gives -wal and -shm the mode of the database file, so it is made first.
  const base::Fd file(::open(database().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return pass(system_error(database(), errno));
  return {};
}

Result<void> Directory::take_lock() {
  if (lock_) return {};
  const std::string path = path_ + "/spool.lock";
  base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return pass(system_error(path, errno));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  // An open file description's lock: it holds against other spools of this process too, and goes
  // with the process however it ends.
  if (::fcntl(file.get(), F_OFD_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES) return pass(system_error(path, errno));
    std::string buffer;
    const auto owner = base::read_fd(file.get(), buffer, 64);
    const std::string_view pid = owner ? text::trim(*owner) : std::string_view();
    return fail(Errc::invalid, "{} is in use by process {}", path_, pid.empty() ? "?" : pid);
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The lock holds without the words.
  }
  lock_ = std::move(file);
  return {};
}

std::uint64_t Directory::database_id() const {
  struct stat info {};
  return ::stat(database().c_str(), &info) == 0 ? info.st_ino : 0;
}

void Directory::sync() const {
  sync_directory(path_);
}

bool Directory::hold_ballast(std::uint64_t bytes) {
  const std::string path = path_ + "/spool.ballast";
  const base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return false;
  const auto size = static_cast<off_t>(bytes);
  const bool is_whole = info.st_size == size && info.st_blocks * 512 >= size;
  if (!is_whole &&
      (::ftruncate(file.get(), size) != 0 || ::posix_fallocate(file.get(), 0, size) != 0)) {
    ::unlink(path.c_str());
    return false;
  }
  has_ballast_ = true;
  return true;
}

void Directory::release_ballast() {
  ::unlink((path_ + "/spool.ballast").c_str());
  has_ballast_ = false;
}

Result<void> Directory::move_database(const std::string& to) {
  for (const std::string_view part : kParts) {
    const std::string from = database() + std::string(part);
    if (!exists(from)) continue;
    if (::rename(from.c_str(), (to + std::string(part)).c_str()) != 0) {
      return pass(system_error(from, errno));
    }
  }
  sync_directory(path_);
  return {};
}

Result<void> Directory::move_to_salvage() {
  if (auto moved = move_database(salvaging()); !moved) return moved;
  complete_move();
  return {};
}

void Directory::complete_move() {
  if (exists(salvaging()) || !exists(salvaging() + "-wal")) return;
  if (exists(database())) {
    static_cast<void>(move_database(salvaging()));
    return;
  }
  // The database was removed; its log alone holds whole commits.
  const base::Fd empty(
      ::open(salvaging().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

bool Directory::is_salvage_open() const {
  return exists(salvaging());
}

std::string Directory::stamp(std::string_view kind, base::UnixNanos now) const {
  const std::time_t seconds = now / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  const std::string name =
      fmt::format("{}.{}-{:04}{:02}{:02}T{:02}{:02}{:02}Z", database(), kind, utc.tm_year + 1900,
                  utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  std::string free = name;
  for (int i = 2; exists(free); ++i)
    free = fmt::format("{}.{}", name, i);
  return free;
}

std::size_t Directory::finish_salvage(base::UnixNanos now, std::size_t files, std::uint64_t bytes) {
  const std::string kept = stamp("damaged", now);
  for (const std::string_view part : kParts) {
    const std::string from = salvaging() + std::string(part);
    if (exists(from)) ::rename(from.c_str(), (kept + std::string(part)).c_str());
  }
  std::vector<File> damaged;
  for (File& file : list(path_)) {
    if (file.name.starts_with("spool.db.damaged-")) damaged.push_back(std::move(file));
  }
  std::uint64_t sum = 0;
  std::size_t sets = 0;
  for (auto file = damaged.rbegin(); file != damaged.rend(); ++file) {
    const bool is_database = !file->name.ends_with("-wal") && !file->name.ends_with("-shm");
    sum += file->bytes;
    sets += is_database ? 1 : 0;
    if (sum > bytes || sets > files) ::unlink((path_ + "/" + file->name).c_str());
  }
  sync_directory(path_);
  return damaged_files();
}

std::size_t Directory::damaged_files() const {
  std::size_t count = 0;
  for (const File& file : list(path_)) {
    const bool is_database = !file.name.ends_with("-wal") && !file.name.ends_with("-shm");
    if (file.name.starts_with("spool.db.damaged-") && is_database) ++count;
  }
  return count;
}

Result<std::string> Directory::put_newer_aside(base::UnixNanos now) {
  std::string kept = stamp("newer", now);
  if (auto moved = move_database(kept); !moved) return pass(std::move(moved.error()));
  return kept;
}

std::uint64_t Directory::bytes() const {
  std::uint64_t sum = 0;
  for (const File& file : list(path_)) {
    if (!file.name.starts_with("spool.db.newer-")) sum += file.bytes;
  }
  return sum;
}

std::uint64_t Directory::companion_bytes() const {
  std::uint64_t sum = 0;
  for (const File& file : list(path_)) {
    if (is_part_of(file.name, "spool.db") || file.name == "spool.ballast" ||
        file.name.starts_with("spool.db.newer-") || is_part_of(file.name, "spool.db.salvaging")) {
      continue;
    }
    sum += file.bytes;
  }
  return sum;
}

FileSystem Directory::file_system() const {
  struct Known {
    std::uint64_t magic;
    const char* name;
    bool is_persistent;
  };
  static constexpr std::array kKnown = {
      Known{0x01021994, "tmpfs", false},   Known{0x858458f6, "ramfs", false},
      Known{0x794c7630, "overlay", false}, Known{0xEF53, "ext4", true},
      Known{0x58465342, "xfs", true},      Known{0x9123683E, "btrfs", true},
      Known{0xF2F52010, "f2fs", true},     Known{0x2FC12FC1, "zfs", true},
      Known{0x6969, "nfs", true},          Known{0x4d44, "vfat", true},
      Known{0x65735546, "fuse", true},     Known{0x73717368, "squashfs", false},
      Known{0xE0F5E1E2, "erofs", false},   Known{0x24051905, "ubifs", true},
  };
  struct statfs info {};
  std::string existing = path_;
  while (::statfs(existing.c_str(), &info) != 0) {
    const std::size_t slash = existing.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return {"unknown", true};
    existing.resize(slash);
  }
  const auto magic = static_cast<std::uint64_t>(static_cast<std::uint32_t>(info.f_type));
  for (const Known& known : kKnown) {
    if (known.magic == magic) return {known.name, known.is_persistent};
  }
  return {fmt::format("{:#x}", magic), true};
}

std::uint64_t Directory::free_bytes() const {
  struct statfs info {};
  if (::statfs(path_.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bavail) * static_cast<std::uint64_t>(info.f_bsize);
}

}  // namespace edgehaul::spool
