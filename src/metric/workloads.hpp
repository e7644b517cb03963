// SPDX-License-Identifier: Apache-2.0
// What the sources of containers tell each other: names of pods and containers, and which metrics
// of which container the kubelet source emits, so that the cgroup source leaves these out and each
// is emitted once. One object, owned by whoever makes the sources; thread-safe.
#pragma once

#include <atomic>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metric/catalogue.hpp"

namespace edgehaul::metric {

using MetricSet = std::bitset<kRows.size()>;

struct PodNames {
  std::string uid;  // as in cgroup paths: of static pods the hash of their configuration
  std::string name;
  std::string namespace_name;
};

struct ContainerNames {
  std::string id;  // 64 hex digits; the kubelet's summary has none
  std::string pod_uid;
  std::string name;
};

// Metrics of one container that the kubelet source emits.
struct Claim {
  std::string pod_uid;
  std::string container;  // its name
  MetricSet metrics;
};

// Who tells names; of two that know a name the later one of this list is believed.
enum class Teller : std::uint8_t { logs, kubelet };

class Workloads {
 public:
  // At most so many pods, containers and claims are kept of each teller; further ones are dropped.
  static constexpr std::size_t kMost = 16'384;

  // Replaces all that `teller` has told before.
  void tell(Teller teller, std::vector<PodNames> pods, std::vector<ContainerNames> containers);
  // Replaces all claims. They stand until the next call, so a source that has nothing new in a tick
  // leaves them, and one that fails or ends calls it with none.
  void claim(std::vector<Claim> claims);

  std::optional<PodNames> pod(std::string_view uid) const;
  std::optional<ContainerNames> container(std::string_view id) const;
  // Claims on a container. Where its name is not known (empty), of all containers of the pod.
  MetricSet claimed(std::string_view pod_uid, std::string_view container) const;

  // Grows whenever an answer above may have changed.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  static constexpr std::size_t kTellers = 2;
  struct Told {
    Map<PodNames> pods;
    Map<ContainerNames> containers;
  };

  mutable std::mutex mutex_;
  Told told_[kTellers];
  Map<std::vector<Claim>> claims_;  // by pod
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace edgehaul::metric
