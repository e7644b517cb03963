// SPDX-License-Identifier: Apache-2.0
#include "identity/secret_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace edgehaul::identity {

Result<SecretFile> SecretFile::read(const std::string& path, std::size_t limit) {
  // A pipe in the place of a file must not hold the thread.
  auto fd = base::open_at(AT_FDCWD, path.c_str(), O_NONBLOCK | O_NOCTTY);
  if (!fd) return pass(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return pass(base::system_error("stat " + path, errno));
  if (!S_ISREG(status.st_mode)) return fail(Errc::malformed, "{}: not a regular file", path);
  // One byte more tells a full file from one that is too large; sysfs states 4096 for any size.
  const std::size_t capacity = limit + 1;
  void* memory =
      ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return pass(base::system_error("memory for " + path, errno));
  ::madvise(memory, capacity, MADV_DONTDUMP);
  SecretFile file(static_cast<char*>(memory), capacity);
  while (file.size_ < capacity) {
    const ssize_t got = ::read(fd->get(), file.memory_ + file.size_, capacity - file.size_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return pass(base::system_error("read " + path, errno));
    if (got == 0) return file;
    file.size_ += static_cast<std::size_t>(got);
  }
  return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
}

SecretFile::~SecretFile() {
  if (memory_ == nullptr) return;
  ::explicit_bzero(memory_, size_);
  ::munmap(memory_, capacity_);
}

}  // namespace edgehaul::identity
