// SPDX-License-Identifier: Apache-2.0
// What a cgroup uses as points: of its container's resource, or of the host's with its path.
// Collect thread.
#pragma once

#include <cstdint>
#include <vector>

#include "metric/batch.hpp"
#include "sources/cgroup/devices.hpp"
#include "sources/cgroup/member.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

class Points {
 public:
  // For what the batch wants.
  explicit Points(const metric::Batch& batch);
  void add(metric::Batch& batch, const Node& node, const Member& member, Devices& devices) const;

 private:
  std::vector<std::uint8_t> of_containers_;  // indices of rows that are wanted
  std::vector<std::uint8_t> of_others_;
};

}  // namespace edgehaul::cgroup
