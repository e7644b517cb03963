// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/devices.hpp"

#include <unistd.h>
#include <climits>
#include <utility>

#include <fmt/format.h>

namespace edgehaul::cgroup {

Devices::Devices(const base::Roots& roots, base::Globs exclude)
    : folder_(roots.in_sys("dev/block/")), exclude_(std::move(exclude)) {}

const std::string& Devices::name(std::uint32_t major, std::uint32_t minor) {
  const std::uint64_t key = std::uint64_t{major} << 32 | minor;
  if (const auto found = names_.find(key); found != names_.end()) return found->second;
  if (names_.size() >= kMost) names_.clear();
  std::string name = fmt::format("{}:{}", major, minor);
  char target[PATH_MAX];
  const ssize_t length = ::readlink((folder_ + name).c_str(), target, sizeof target);
  if (length > 0) {
    const std::string_view path(target, static_cast<std::size_t>(length));
    name = text::to_utf8(path.substr(path.rfind('/') + 1));
  }
  if (base::matches_any(exclude_, name)) name.clear();
  return names_.emplace(key, std::move(name)).first->second;
}

}  // namespace edgehaul::cgroup
