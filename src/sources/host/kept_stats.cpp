// SPDX-License-Identifier: Apache-2.0
#include "sources/host/kept_stats.hpp"

#include <cerrno>

#include <unistd.h>

namespace edgehaul::host {

void KeptStats::begin() {
  next_.clear();
  at_ = 0;
}

Result<std::string_view> KeptStats::read(PidDir& pids, std::uint32_t pid, std::span<char> buffer) {
  while (at_ < kept_.size() && kept_[at_].pid < pid)
    ++at_;
  if (at_ < kept_.size() && kept_[at_].pid == pid) {
    Kept& kept = kept_[at_];
    const ssize_t got = ::pread(kept.file.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      next_.push_back(std::move(kept));
      return std::string_view(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  // In a recorded folder a kept descriptor would go on showing a file that is gone.
  if (!pids.is_procfs() || next_.size() >= kMost) return pids.read(pid, "stat", buffer);
  auto file = pids.open(pid, "stat");
  if (!file) return pass(std::move(file.error()));
  const ssize_t got = ::pread(file->get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return pass(base::system_error("stat", got < 0 ? errno : ESRCH));
  next_.push_back({pid, std::move(*file)});
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

void KeptStats::end() {
  kept_.swap(next_);
  next_.clear();
}

}  // namespace edgehaul::host
