// SPDX-License-Identifier: Apache-2.0
// The states of processes from tick to tick. Making the text of /proc/PID/stat is most of what a
// tick costs; schedstat is a quarter of that and tells whether the process has been on a CPU since,
// and one that has not is in the state that it was in. Descriptors stay open: that of a process
// that ended only says so (ESRCH), it never shows the next owner of the PID. Collect thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sources/host/pid_dir.hpp"

namespace edgehaul::host {

class KnownStates {
 public:
  // Each descriptor holds some 5 KiB of kernel memory; what is over is opened at every tick.
  static constexpr std::size_t kMostDescriptors = 1024;

  // Keeps at most so many descriptors, and no more than a quarter of what the process may open.
  explicit KnownStates(std::size_t most = kMostDescriptors);

  // Rounds begin with the lowest PID; within one, read() is called with ascending PIDs.
  void begin();
  // The letter of /proc/PID/stat; 0 when that is no such file. Errc::absent: the process ended.
  Result<char> read(PidDir& pids, std::uint32_t pid);
  // Closes what was not read in this round.
  void end();

  std::size_t descriptors() const { return descriptors_; }
  // Of this round: how many stat files had to be read.
  std::size_t looks() const { return looks_; }

 private:
  struct Known {
    std::uint32_t pid = 0;
    char letter = 0;
    std::uint8_t length = 0;      // of runs
    std::array<char, 64> runs{};  // schedstat as it was before the letter was read
    base::Fd schedstat;
    base::Fd stat;  // once it was needed
  };
  enum class Since : std::uint8_t { at_rest, moved, ended };

  Since ask(Known& known) const;
  Result<char> look(PidDir& pids, Known& known);
  Result<std::string_view> read_stat(PidDir& pids, Known& known, std::span<char> buffer);
  void keep(PidDir& pids, std::uint32_t pid, std::string_view name, base::Fd& file);
  void close(Known& known);

  std::size_t most_;
  std::size_t descriptors_ = 0;
  std::size_t looks_ = 0;
  std::vector<Known> known_;
  std::vector<Known> next_;  // of this round
  std::size_t at_ = 0;       // in known_
};

}  // namespace edgehaul::host
