// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/descriptors.hpp"

namespace edgehaul::cgroup {

std::size_t descriptor_budget(std::size_t configured) {
  return std::min(configured, base::descriptor_limit() / 2);
}

}  // namespace edgehaul::cgroup
