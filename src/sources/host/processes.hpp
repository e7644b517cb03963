// SPDX-License-Identifier: Apache-2.0
// Source "processes": how many there are by state, and how many were made. Collect thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/known_states.hpp"
#include "sources/host/options.hpp"
#include "sources/host/pid_dir.hpp"

namespace edgehaul::host {

namespace process_state {
enum : std::size_t { blocked, idle, paging, running, sleeping, stopped, zombie, unknown };
}
inline constexpr std::size_t kProcessStates = 8;
using ProcessCounts = std::array<std::uint64_t, kProcessStates>;

// The process_state behind the letter of /proc/PID/stat.
std::size_t parse_state(char letter);

class Processes final : public metric::Source {
 public:
  Processes(const base::Roots& roots, const ProcessesOptions& options,
            std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "processes"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Result<void> count(ProcessCounts& counts, std::optional<std::uint64_t> forks);

  PidDir pids_;
  KnownStates states_;
  std::optional<std::uint64_t> forks_;  // when the PIDs were listed
  std::shared_ptr<KernelFiles> files_;
};

}  // namespace edgehaul::host
