// SPDX-License-Identifier: Apache-2.0
// Cgroups of this machine, below one of their own, and processes in them that use a known amount.
// Needs root and writable hierarchies; is_usable() tells.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/roots.hpp"

namespace edgehaul::test {

class RealTree {
 public:
  // The v2 tree, or all v1 hierarchies.
  explicit RealTree(bool is_v2) {
    namespace fs = std::filesystem;
    const std::string top = "/sys/fs/cgroup";
    std::error_code ignored;
    if (is_v2) {
      root_ = fs::exists(top + "/cgroup.controllers", ignored) ? top : top + "/unified";
      if (fs::exists(root_ + "/cgroup.controllers", ignored)) trees_ = {root_};
    } else {
      root_ = top;
      for (const char* name : {"systemd", "memory", "cpu", "cpuacct", "blkio", "pids"}) {
        const std::string tree = top + "/" + name;
        if (fs::exists(tree + "/cgroup.procs", ignored)) trees_.push_back(fs::canonical(tree));
      }
    }
    usable_ = !trees_.empty() && make("");
    // What is there of these; alone each, for one that is missing spoils the others.
    for (const char* controller : {"+cpu", "+memory", "+io", "+pids"})
      (void)(is_v2 && write("", "cgroup.subtree_control", controller));
  }
  RealTree(const RealTree&) = delete;
  RealTree& operator=(const RealTree&) = delete;
  ~RealTree() {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it)
      remove_now(*it);
  }

  bool is_usable() const { return usable_; }
  base::Roots roots() const {
    base::Roots out;
    out.cgroup = root_;
    return out;
  }
  // As the source names it; `name` is "" or begins with '/'.
  std::string path(const std::string& name) const { return own_ + name; }

  bool make(const std::string& name) {
    for (const std::string& tree : trees_) {
      std::error_code failed;
      std::filesystem::create_directory(tree + own_ + name, failed);
      if (failed) return false;
    }
    made_.push_back(name);
    return true;
  }
  void remove(const std::string& name) {
    remove_now(name);
    std::erase(made_, name);
  }
  bool write(const std::string& name, const std::string& file, const std::string& text) const {
    bool done = false;
    for (const std::string& tree : trees_) {
      const std::string full = tree + own_ + name + "/" + file;
      const int fd = ::open(full.c_str(), O_WRONLY | O_CLOEXEC);
      if (fd < 0) continue;
      done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) || done;
      ::close(fd);
    }
    return done;
  }

 private:
  void remove_now(const std::string& name) const {
    for (const std::string& tree : trees_)
      ::rmdir((tree + own_ + name).c_str());
  }

  std::string root_;
  std::string own_ = "/edgehaul-test-" + std::to_string(::getpid()) + ".slice";
  std::vector<std::string> trees_;
  std::vector<std::string> made_;
  bool usable_ = false;
};

// A child in a cgroup that does something, says so, and then sleeps until it is ended.
class Load {
 public:
  Load(const RealTree& tree, const std::string& name, const std::function<void()>& work) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool joined = tree.write(name, "cgroup.procs", std::to_string(::getpid()));
      work();
      rusage used{};
      ::getrusage(RUSAGE_SELF, &used);
      const double cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
      const double said[] = {joined ? 1.0 : 0.0, cpu};
      if (::write(ready[1], said, sizeof said) != static_cast<ssize_t>(sizeof said)) ::_exit(1);
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    double said[2] = {};
    is_alive = ::read(ready[0], said, sizeof said) == static_cast<ssize_t>(sizeof said);
    ::close(ready[0]);
    has_joined = said[0] > 0;
    cpu_seconds = said[1];
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  bool is_alive = false;  // it did its work; else it was killed meanwhile
  bool has_joined = false;
  double cpu_seconds = 0;

 private:
  static double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  pid_t pid_ = -1;
};

inline bool write_text(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == ssize_t(text.size());
  ::close(fd);
  return done;
}

// In a child, in which inotify can watch nothing: whether `holds` did; nullopt where that cannot be
// arranged. The bound is that of a user namespace, so that nobody else meets it.
inline std::optional<bool> without_watches(const std::function<bool()>& holds) {
  constexpr int kNotPossible = 2;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const bool is_set =
        ::unshare(CLONE_NEWUSER) == 0 && write_text("/proc/self/setgroups", "deny") &&
        write_text("/proc/self/gid_map", "0 0 1") && write_text("/proc/self/uid_map", "0 0 1") &&
        write_text("/proc/sys/user/max_inotify_watches", "0");
    ::_exit(is_set ? static_cast<int>(!holds()) : kNotPossible);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return false;
  if (WEXITSTATUS(status) == kNotPossible) return std::nullopt;
  return WEXITSTATUS(status) == 0;
}

inline void burn_cpu(double wanted) {
  timespec now{};
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  } while (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 < wanted);
}

inline void touch_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) std::memset(memory, 1, bytes);
}

// Writes past the page cache, so that even v1 knows whose it is.
inline void write_directly(const std::string& file, std::size_t bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
  void* block = nullptr;
  constexpr std::size_t kBlock = 1 << 20;
  if (fd < 0 || ::posix_memalign(&block, 4096, kBlock) != 0) return;
  std::memset(block, 7, kBlock);
  for (std::size_t done = 0; done < bytes; done += kBlock) {
    if (::write(fd, block, kBlock) < 0) break;
  }
  std::free(block);
  ::close(fd);
}

}  // namespace edgehaul::test
