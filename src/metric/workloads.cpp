// SPDX-License-Identifier: Apache-2.0
#include "metric/workloads.hpp"

#include <algorithm>
#include <utility>

namespace edgehaul::metric {

namespace {

bool is_same(const PodNames& a, const PodNames& b) {
  return a.name == b.name && a.namespace_name == b.namespace_name;
}
bool is_same(const ContainerNames& a, const ContainerNames& b) {
  return a.pod_uid == b.pod_uid && a.name == b.name;
}
bool is_same(const std::vector<Claim>& a, const std::vector<Claim>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Claim& x, const Claim& y) {
    return x.container == y.container && x.metrics == y.metrics;
  });
}

template <class Map>
bool is_same_map(const Map& a, const Map& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& item) {
           const auto other = b.find(item.first);
           return other != b.end() && is_same(item.second, other->second);
         });
}

}  // namespace

void Workloads::tell(Teller teller, std::vector<PodNames> pods,
                     std::vector<ContainerNames> containers) {
  Told next;
  for (PodNames& pod : pods) {
    if (next.pods.size() >= kMost) break;
    std::string uid = pod.uid;
    next.pods.insert_or_assign(std::move(uid), std::move(pod));
  }
  for (ContainerNames& container : containers) {
    if (next.containers.size() >= kMost) break;
    std::string id = container.id;
    if (!id.empty()) next.containers.insert_or_assign(std::move(id), std::move(container));
  }
  const std::lock_guard lock(mutex_);
  Told& told = told_[static_cast<std::size_t>(teller)];
  if (is_same_map(told.pods, next.pods) && is_same_map(told.containers, next.containers)) return;
  told = std::move(next);
  version_.fetch_add(1, std::memory_order_release);
}

void Workloads::claim(std::vector<Claim> claims) {
  Map<std::vector<Claim>> next;
  claims.resize(std::min(claims.size(), kMost));
  for (Claim& claim : claims) {
    std::string uid = claim.pod_uid;
    next[std::move(uid)].push_back(std::move(claim));
  }
  const std::lock_guard lock(mutex_);
  if (is_same_map(claims_, next)) return;
  claims_ = std::move(next);
  version_.fetch_add(1, std::memory_order_release);
}

std::optional<PodNames> Workloads::pod(std::string_view uid) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = kTellers; i-- > 0;) {
    if (const auto found = told_[i].pods.find(uid); found != told_[i].pods.end())
      return found->second;
  }
  return std::nullopt;
}

std::optional<ContainerNames> Workloads::container(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = kTellers; i-- > 0;) {
    if (const auto found = told_[i].containers.find(id); found != told_[i].containers.end())
      return found->second;
  }
  return std::nullopt;
}

MetricSet Workloads::claimed(std::string_view pod_uid, std::string_view container) const {
  MetricSet all;
  const std::lock_guard lock(mutex_);
  const auto found = claims_.find(pod_uid);
  if (found == claims_.end()) return all;
  for (const Claim& claim : found->second) {
    if (container.empty() || claim.container == container) all |= claim.metrics;
  }
  return all;
}

}  // namespace edgehaul::metric
