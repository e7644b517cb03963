// SPDX-License-Identifier: Apache-2.0
// Whether a cgroup may have done block I/O: the files of one count what is below it, too, so that
// one look at a slice spares those at all that it holds while nothing there does any. Collect
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/files.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

class IoChanges {
 public:
  // A look at one with fewer below it is not worth it.
  static constexpr std::size_t kWorthLooking = 4;

  IoChanges(const Tree& tree, Descriptors& descriptors) : tree_(tree), descriptors_(descriptors) {}

  // A tick begins, before anything in it is asked for. `wanted` are indices into files_of().
  void begin(std::span<const std::uint8_t> wanted);
  std::uint32_t tick() const { return tick_; }
  // The tick in which something below `node` was last seen to have done some; what was read of it
  // in that tick or later is still true. This very tick where that cannot be told.
  std::uint32_t changed(Node& node);

 private:
  bool look(const Node& node, IoLook& look, std::uint64_t& text);
  bool read(const Node& node, base::Fd& kept, const File& file, std::uint64_t& text);

  const Tree& tree_;
  Descriptors& descriptors_;
  std::vector<const File*> files_;
  std::uint32_t tick_ = 0;
  std::string buffer_;
};

}  // namespace edgehaul::cgroup
