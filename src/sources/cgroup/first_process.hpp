// SPDX-License-Identifier: Apache-2.0
// The process that tells what its cgroup does not: whether a container is the sandbox of its pod,
// which runtime started it, and when. Touches the system; collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/roots.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

struct FirstProcess {
  std::string comm;
  std::uint32_t parent = 0;
  std::uint64_t start_ticks = 0;  // since boot
  bool is_only = false;
};

// "412 (nginx) S 1 …"; nullopt when it is not the start of /proc/PID/stat.
std::optional<FirstProcess> parse_process(std::string_view stat);

// The first process of a cgroup itself; nullopt when it has none or it cannot be read.
std::optional<FirstProcess> first_process(const Tree& tree, const Node& node,
                                          const base::Roots& roots);

// The sandbox that holds a pod's namespaces open.
bool is_sandbox(const FirstProcess& process);
// Still the runtime's own, which becomes the workload any moment.
bool is_starting(const FirstProcess& process);

// "containerd", "cri-o", "docker" or nothing, for a container whose name does not tell.
std::string_view find_runtime(const std::optional<FirstProcess>& process,
                              std::string_view container_id, const base::Roots& roots);

// Nanoseconds between boot and the start of a process.
std::int64_t start_after_boot(const FirstProcess& process);

}  // namespace edgehaul::cgroup
