// SPDX-License-Identifier: Apache-2.0
// Source "process": one resource per chosen process, with its CPU time, memory and I/O. Off unless
// configured. Collect thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/kernel_files.hpp"
#include "sources/host/options.hpp"
#include "sources/host/pid_dir.hpp"
#include "sources/host/pid_stat.hpp"
#include "sources/host/process_identity.hpp"
#include "sources/host/users.hpp"

namespace edgehaul::host {

class ProcessPoints;

// When a process was created, by the boot time of the batch (which is the same for ever, so that
// this is) and field 22 of its stat; never after `latest`.
base::UnixNanos process_start(base::UnixNanos boot, std::uint64_t start_ticks,
                              base::UnixNanos latest);

class Process final : public metric::Source {
 public:
  Process(const base::Roots& roots, const ProcessOptions& options, const base::Clock& clock,
          std::shared_ptr<KernelFiles> files);
  std::string_view name() const override { return "process"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  using Ticks = std::array<std::uint64_t, 3>;  // user, system, wait
  struct Entry {
    std::uint64_t start_ticks = 0;
    std::string comm;
    bool chosen = false;
    std::uint32_t sightings = 0;
    ProcessIdentity identity;
    Ticks ticks{};
    bool measured = false;   // ticks are of the last tick
    std::uint64_t seen = 0;  // round_ of the last sight
  };
  // What holds for all processes of a tick; 0: not known.
  struct Round {
    double cpu_seconds = 0;  // time since the last tick times online CPUs
    double memory_total = 0;
    double uptime = 0;
  };

  Round begin_round(metric::Batch& batch, Faults& faults);
  Entry& recognise(std::uint32_t pid, const PidStat& stat);
  void add_process(metric::Batch& batch, const Round& round, std::uint32_t pid, const PidStat& stat,
                   Entry& entry);
  void add_io(ProcessPoints& points, std::uint32_t pid);
  void add_status(ProcessPoints& points, std::uint32_t pid);
  bool is_chosen(const std::string& name) const;
  void report(std::size_t left_out, std::size_t unreadable, Faults& faults) const;

  ProcessOptions options_;
  const base::Clock& clock_;
  std::shared_ptr<KernelFiles> files_;
  PidDir pids_;
  Users users_;
  KeptFile uptime_;
  std::unordered_map<std::uint32_t, Entry> entries_;  // by PID
  std::uint64_t round_ = 0;
  base::Steady last_time_{};
  std::size_t io_refused_ = 0;
};

}  // namespace edgehaul::host
