// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/descriptors.hpp"

#include <sys/resource.h>

namespace edgehaul::cgroup {

std::size_t descriptor_budget(std::size_t configured) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return std::min<std::size_t>(configured, limit.rlim_cur / 2);
}

}  // namespace edgehaul::cgroup
