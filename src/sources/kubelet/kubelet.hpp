// SPDX-License-Identifier: Apache-2.0
// Pods, containers and volumes as the kubelet of this host knows them. A tick emits the last
// complete answer if it has not emitted it before, and has the next one asked for, so that points
// are up to one interval old and carry the kubelet's own times. Collect thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "metric/workloads.hpp"
#include "sources/kubelet/fetcher.hpp"
#include "sources/kubelet/options.hpp"
#include "sources/kubelet/points.hpp"

namespace edgehaul::kubelet {

class Kubelet final : public metric::Source {
 public:
  // A recorded machine (roots that are not live) has no kubelet to ask unless it is switched on
  // expressly. `clock` must outlive it.
  Kubelet(const base::Roots& roots, const Options& options, const base::Clock& clock,
          std::shared_ptr<metric::Workloads> workloads);
  ~Kubelet() override;

  std::string_view name() const override { return "kubelet"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Result<void> emit(const Answer& answer, metric::Batch& batch);

  std::shared_ptr<metric::Workloads> workloads_;
  Points points_;
  std::chrono::milliseconds first_wait_;
  std::uint64_t emitted_ = 0;  // number of the last answer
  std::optional<Fetcher> fetcher_;
};

}  // namespace edgehaul::kubelet
