// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/kubelet.hpp"

#include <utility>

namespace edgehaul::kubelet {

Kubelet::Kubelet(const base::Roots& roots, const Options& options, const base::Clock& clock,
                 std::shared_ptr<metric::Workloads> workloads)
    : workloads_(std::move(workloads)), points_(options), first_wait_(options.first_wait) {
  const bool is_wanted =
      options.enabled == Enabled::yes || (options.enabled == Enabled::automatic && roots.is_live());
  if (is_wanted) fetcher_.emplace(roots, options, clock);
}

Kubelet::~Kubelet() {
  workloads_->claim({});
}

Result<void> Kubelet::read(metric::Batch& batch) {
  if (!fetcher_) return fail(Errc::absent, "a recorded machine has no kubelet to ask");
  fetcher_->await_first(std::exchange(first_wait_, std::chrono::milliseconds(0)));
  const State state = fetcher_->state();
  fetcher_->ask();
  if (state.answer && state.answer->number != emitted_) return emit(*state.answer, batch);
  if (!state.fault) return {};
  // Its containers are the cgroup source's again; the names it told are still true.
  workloads_->claim({});
  return pass(*state.fault);
}

Result<void> Kubelet::emit(const Answer& answer, metric::Batch& batch) {
  emitted_ = answer.number;
  points_.add(answer.summary, answer.asked, batch);
  workloads_->tell(metric::Teller::kubelet, points_.take_pods(), {});
  workloads_->claim(points_.take_claims());
  if (!answer.summary.oddity.empty()) {
    return fail(Errc::malformed, "kubelet: {}; the rest of its answer is taken",
                answer.summary.oddity);
  }
  if (answer.summary.left_out > 0)
    return fail(Errc::too_large, "kubelet: {} pods, containers or volumes are left out",
                answer.summary.left_out);
  return {};
}

}  // namespace edgehaul::kubelet
