// SPDX-License-Identifier: Apache-2.0
// Names of block devices by their numbers, looked up once each; what the operator leaves out has
// none. Collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/globs.hpp"
#include "base/roots.hpp"

namespace edgehaul::cgroup {

class Devices {
 public:
  Devices(const base::Roots& roots, base::Globs exclude);
  // Empty: left out. "8:0" where the system has no name. Lives until the next call.
  const std::string& name(std::uint32_t major, std::uint32_t minor);
  // Numbers are given to other devices in time: call it now and then.
  void forget() { names_.clear(); }

 private:
  static constexpr std::size_t kMost = 4096;
  std::string folder_;
  base::Globs exclude_;
  std::unordered_map<std::uint64_t, std::string> names_;
};

}  // namespace edgehaul::cgroup
