// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program under test: writes down, in order, what it does to the files of one
// folder (POWERCUT_DIR) that a power cut could lose, into POWERCUT_LOG. disk.py replays it. One
// lock over the call and its entry keeps the order true between threads; O_APPEND keeps entries of
// several processes whole. Memory-mapped files are not seen: SQLite maps -shm alone, and builds it
// anew after a cut.
#undef _FILE_OFFSET_BITS  // both families of names are defined here
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum op {
  OP_CREATE = 1,    // path
  OP_WRITE = 2,     // offset, bytes
  OP_TRUNCATE = 3,  // offset: the new size
  OP_ALLOCATE = 4,  // offset: the least size
  OP_SYNC = 5,
  OP_SYNC_FOLDER = 6,
  OP_RENAME = 7,  // from, NUL, to
  OP_UNLINK = 8,  // path
};

struct entry {
  uint32_t op;
  uint32_t size;  // of what follows
  uint64_t file;  // inode number; OP_CREATE says that it is a new file
  uint64_t offset;
};

enum { MAX_FD = 4096 };
static const uint64_t FOLDER = UINT64_MAX;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static int log_fd = -1;
static uint64_t file_of[MAX_FD];  // 0: none of ours

__attribute__((constructor)) static void start(void) {
  const char* dir = getenv("POWERCUT_DIR");
  const char* path = getenv("POWERCUT_LOG");
  if (dir == NULL || path == NULL || realpath(dir, folder) == NULL) return;
  log_fd =
      (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(enum op op, uint64_t file, uint64_t offset, const void* bytes, size_t size) {
  struct entry head = {op, (uint32_t)size, file, offset};
  struct iovec parts[2] = {{&head, sizeof head}, {(void*)(uintptr_t)bytes, size}};
  if (syscall(SYS_writev, log_fd, parts, 2) != (long)(sizeof head + size)) {
    fprintf(stderr, "powercut: cannot write the log\n");
    abort();
  }
}

// The name of a file in the folder; NULL for any other path.
static const char* name_inside(const char* path) {
  char parent[PATH_MAX];
  char resolved[PATH_MAX];
  if (log_fd < 0 || path == NULL || strlen(path) >= sizeof parent) return NULL;
  const char* slash = strrchr(path, '/');
  if (slash == NULL) return NULL;
  memcpy(parent, path, (size_t)(slash - path));
  parent[slash - path] = '\0';
  if (realpath(parent, resolved) == NULL || strcmp(resolved, folder) != 0) return NULL;
  return slash[1] != '\0' ? slash + 1 : NULL;
}

static uint64_t tracked(int fd) {
  return fd >= 0 && fd < MAX_FD ? file_of[fd] : 0;
}

static void opened(int fd, const char* path, int flags, int is_new) {
  struct stat about;
  if (fd < 0 || fd >= MAX_FD || log_fd < 0 || fstat(fd, &about) != 0) return;
  const char* name = name_inside(path);
  char resolved[PATH_MAX];
  if (S_ISDIR(about.st_mode) && realpath(path, resolved) != NULL && strcmp(resolved, folder) == 0) {
    file_of[fd] = FOLDER;
  } else if (S_ISREG(about.st_mode) && name != NULL) {
    file_of[fd] = about.st_ino;
    if (is_new) note(OP_CREATE, about.st_ino, 0, name, strlen(name));
    if (!is_new && (flags & O_TRUNC) != 0) note(OP_TRUNCATE, about.st_ino, 0, NULL, 0);
  }
}

static int open_as(const char* path, int flags, mode_t mode) {
  pthread_mutex_lock(&lock);
  const int is_new = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  const int error = errno;
  opened(fd, path, flags, is_new);
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

static mode_t mode_of(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

#define OPEN(name)                             \
  int name(const char* path, int flags, ...) { \
    va_list more;                              \
    va_start(more, flags);                     \
    const mode_t mode = mode_of(flags, more);  \
    va_end(more);                              \
    return open_as(path, flags, mode);         \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < MAX_FD) file_of[fd] = 0;
  const int rc = (int)syscall(SYS_close, fd);
  pthread_mutex_unlock(&lock);
  return rc;
}

static ssize_t write_at(int fd, const void* bytes, size_t size, off_t offset) {
  const uint64_t file = tracked(fd);
  if (file == 0) return syscall(SYS_pwrite64, fd, bytes, size, offset);
  pthread_mutex_lock(&lock);
  const ssize_t wrote = syscall(SYS_pwrite64, fd, bytes, size, offset);
  if (wrote > 0) note(OP_WRITE, file, (uint64_t)offset, bytes, (size_t)wrote);
  pthread_mutex_unlock(&lock);
  return wrote;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return write_at(fd, bytes, size, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const uint64_t file = tracked(fd);
  if (file == 0) return syscall(SYS_write, fd, bytes, size);
  pthread_mutex_lock(&lock);
  const off_t offset = lseek(fd, 0, SEEK_CUR);
  const ssize_t wrote = syscall(SYS_write, fd, bytes, size);
  if (wrote > 0) note(OP_WRITE, file, (uint64_t)offset, bytes, (size_t)wrote);
  pthread_mutex_unlock(&lock);
  return wrote;
}

static int resize(int fd, off_t size) {
  pthread_mutex_lock(&lock);
  const int rc = (int)syscall(SYS_ftruncate, fd, size);
  if (rc == 0 && tracked(fd) != 0) note(OP_TRUNCATE, tracked(fd), (uint64_t)size, NULL, 0);
  pthread_mutex_unlock(&lock);
  return rc;
}

int ftruncate(int fd, off_t size) {
  return resize(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  return resize(fd, size);
}

static int allocate(int fd, off_t offset, off_t size) {
  pthread_mutex_lock(&lock);
  const long rc = syscall(SYS_fallocate, fd, 0, offset, size);
  const int error = rc == 0 ? 0 : errno;
  if (rc == 0 && tracked(fd) != 0) {
    note(OP_ALLOCATE, tracked(fd), (uint64_t)(offset + size), NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

int posix_fallocate(int fd, off_t offset, off_t size) {
  return allocate(fd, offset, size);
}

int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  return allocate(fd, offset, size);
}

static int sync_as(long call, int fd) {
  pthread_mutex_lock(&lock);
  const uint64_t file = tracked(fd);
  // A tmpfs under the test makes the call free; what counts is that it was made.
  const int rc = (int)syscall(call, fd);
  if (rc == 0 && file != 0) note(file == FOLDER ? OP_SYNC_FOLDER : OP_SYNC, file, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return rc;
}

int fsync(int fd) {
  return sync_as(SYS_fsync, fd);
}

int fdatasync(int fd) {
  return sync_as(SYS_fdatasync, fd);
}

static int remove_as(const char* path, int or_folder) {
  pthread_mutex_lock(&lock);
  const char* name = name_inside(path);
  long rc = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (rc == 0 && name != NULL) note(OP_UNLINK, 0, 0, name, strlen(name));
  if (rc != 0 && or_folder && errno == EISDIR)
    rc = syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
  const int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return (int)rc;
}

int unlink(const char* path) {
  return remove_as(path, 0);
}

int remove(const char* path) {
  return remove_as(path, 1);
}

int rename(const char* from, const char* to) {
  char both[2 * NAME_MAX + 2];
  pthread_mutex_lock(&lock);
  const char* old_name = name_inside(from);
  const char* new_name = name_inside(to);
  const int rc = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  const int error = errno;
  if (rc == 0 && old_name != NULL && new_name != NULL) {
    const size_t size = strlen(old_name) + 1 + strlen(new_name);
    if (size < sizeof both) {
      memcpy(both, old_name, strlen(old_name) + 1);
      memcpy(both + strlen(old_name) + 1, new_name, strlen(new_name));
      note(OP_RENAME, 0, 0, both, size);
    }
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return rc;
}
