// SPDX-License-Identifier: Apache-2.0
// Reads the files of a cgroup, as few as can be: descriptors of those that are read often are kept
// as long as there are some, and what cannot have changed is not read again, for some minutes at
// most. Collect thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "metric/faults.hpp"
#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/io_changes.hpp"
#include "sources/cgroup/member.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

class Reader {
 public:
  // The oldest that a limit or the memory in use may be,
  static constexpr std::chrono::seconds kOldest{60};
  // and what has no reason to have changed.
  static constexpr std::chrono::seconds kOldestOfAll{300};

  Reader(const Tree& tree, Descriptors& descriptors);

  // For all reads until the next call: the files to read and the time.
  void begin(std::vector<std::uint8_t> wanted, base::Steady now, metric::Faults& faults);
  // Brings usage and cpu_usage up to date. False: there is nothing to say of it, it is
  // gone.
  bool read(Node& node, Member& member);
  // CPU time, memory and threads of a part of the remainder, without keeping anything open.
  bool read_rest(Node& node, Rest& rest);
  // Files that could not be opened for lack of permission in this round.
  std::size_t refused() const { return refused_; }

 private:
  enum class Outcome : std::uint8_t { good, absent, gone };
  // What is due at one look at a cgroup.
  struct Round {
    bool is_all = false;                  // everything is
    bool is_old = false;                  // limits and the memory in use are
    bool is_running = false;              // it has used the CPU
    std::optional<std::uint64_t> memory;  // in use, at the last look
    std::optional<bool> has_io;           // it may have done block I/O since
  };
  Round begin_round(Member& member) const;
  bool is_due(const Node& node, const Member& member, std::uint8_t index, Round& round);
  bool keeps(const Member& member, std::uint8_t index) const;
  void note_heat(Member& member, std::uint8_t index, bool is_due);
  Outcome read_file(const Node& node, Member& member, std::uint8_t index);
  std::optional<std::string_view> read_all(int fd, int& why);
  void parse(const Node& node, const File& file, std::string_view body, Usage& usage);
  void note_cpu(Member& member);

  const Tree& tree_;
  Descriptors& descriptors_;
  IoChanges io_changes_;
  std::span<const File> files_;
  std::vector<std::uint8_t> wanted_;
  base::Steady now_{};
  std::size_t reserve_ = 0;
  metric::Faults* faults_ = nullptr;
  std::size_t refused_ = 0;
  std::vector<char> buffer_;
};

}  // namespace edgehaul::cgroup
