// SPDX-License-Identifier: Apache-2.0
// The stat files of processes, kept open from tick to tick: one system call instead of three for
// each process, which is most of what a tick costs. A descriptor of a process that ended only says
// so (ESRCH), it never shows the next owner of the PID. Collect thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sources/host/pid_dir.hpp"

namespace edgehaul::host {

class KeptStats {
 public:
  // Descriptors are scarce (1024 by default); further processes are opened at every tick.
  static constexpr std::size_t kMost = 256;

  // Rounds begin with the lowest PID; within one, read() is called with ascending PIDs.
  void begin();
  Result<std::string_view> read(PidDir& pids, std::uint32_t pid, std::span<char> buffer);
  // Closes what was not read in this round.
  void end();
  std::size_t kept() const { return kept_.size(); }

 private:
  struct Kept {
    std::uint32_t pid = 0;
    base::Fd file;
  };
  std::vector<Kept> kept_;
  std::vector<Kept> next_;  // of this round
  std::size_t at_ = 0;      // in kept_
};

}  // namespace edgehaul::host
