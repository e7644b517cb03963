// SPDX-License-Identifier: Apache-2.0
// Source "cgroup": what containers, systemd's units and slices use, from the cgroup files of v2, v1
// and hybrid hosts. How many are reported is bounded; what is over is summed up as "other". Collect
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/faults.hpp"
#include "metric/source.hpp"
#include "metric/workloads.hpp"
#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/devices.hpp"
#include "sources/cgroup/first_process.hpp"
#include "sources/cgroup/log_folders.hpp"
#include "sources/cgroup/options.hpp"
#include "sources/cgroup/reader.hpp"
#include "sources/cgroup/tree.hpp"

namespace edgehaul::cgroup {

class Cgroup final : public metric::Source {
 public:
  // Parts of the remainder that are read in one tick; they take turns.
  static constexpr std::size_t kRestPerTick = 256;

  // In a tick it is to be read after the kubelet source, whose claims it honours.
  Cgroup(const base::Roots& roots, const Options& options, const base::Clock& clock,
         std::shared_ptr<metric::Workloads> workloads);
  std::string_view name() const override { return "cgroup"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  bool is_chosen(const Node& node) const;
  const std::optional<FirstProcess>& process_of(const Node& node);
  void settle(Node& node);
  void settle_all(metric::Batch& batch);
  void promote(metric::Batch& batch);
  std::unique_ptr<Member> make_member(const metric::Batch& batch, const Node& node);
  base::UnixNanos start_of(const metric::Batch& batch, const Node& node);
  void name_member(const Node& node, Member& member) const;
  void read_reported(metric::Batch& batch, metric::Faults& faults);
  void read_others();
  void add_others(metric::Batch& batch);
  void add_counts(metric::Batch& batch) const;
  void report(metric::Faults& faults) const;

  const base::Roots roots_;
  const Options options_;
  const base::Clock& clock_;
  const std::shared_ptr<metric::Workloads> workloads_;
  Descriptors descriptors_;
  Tree tree_;
  Reader reader_;
  Devices devices_;
  LogFolders logs_;
  std::unordered_map<const Node*, std::optional<FirstProcess>> processes_;  // while settling
  std::uint32_t tick_ = 0;
  std::size_t reported_ = 0;
  std::vector<Node*> others_;        // of this tick
  std::size_t turn_ = 0;             // index into others_
  std::uint64_t others_cpu_ns_ = 0;  // used since others_start_
  base::UnixNanos others_start_ = 0;
};

}  // namespace edgehaul::cgroup
