// SPDX-License-Identifier: Apache-2.0
// A summary as points: each block with the time at which the kubelet measured it, each counter with
// the start of its object. A block that has not been measured anew since it was last emitted is
// left out. Remembers what it emitted; belongs to its source, collect thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metric/batch.hpp"
#include "metric/workloads.hpp"
#include "sources/kubelet/options.hpp"
#include "sources/kubelet/summary.hpp"

namespace edgehaul::kubelet {

class Points {
 public:
  explicit Points(const Options& options) : options_(options) {}

  // `asked` is when the summary was asked for: the time of blocks without one.
  void add(const Summary& summary, base::UnixNanos asked, metric::Batch& batch);

  // What the last add() was about, for metric::Workloads. Claims name what the kubelet gives of a
  // container, measured anew or not.
  std::vector<metric::PodNames> take_pods() { return std::move(pods_); }
  std::vector<metric::Claim> take_claims() { return std::move(claims_); }

 private:
  enum Part : std::uint8_t { cpu, memory, fs, network, kParts };
  // Of one object, found again by scope and names.
  struct Seen {
    std::array<base::UnixNanos, kParts> last{};
    base::UnixNanos start = 0;        // as the kubelet said it
    base::UnixNanos first_start = 0;  // used where it says none
    std::uint32_t round = 0;
  };
  // One object while it is written.
  struct Object {
    metric::ResourceRef resource{};
    Seen& seen;
    base::UnixNanos start = 0;
    std::uint8_t scope = 0;  // kNode, kPod, kContainer of points.cpp
    bool is_again = false;   // the summary names it twice: the first is believed
  };

  Object open(std::string_view key, metric::ResourceRef resource, const Usage& usage,
              std::uint8_t scope);
  // True when the block is new; then its time is in `time`.
  bool is_new(Object& object, Part part, const Block& block, base::UnixNanos& time);
  base::UnixNanos start_of(const Object& object, base::UnixNanos time) const;
  void add_usage(Object& object, const Usage& usage);
  void add_block(Object& object, Part part, const Block& block);
  void add_network(Object& object, const Usage& usage);
  void add_uptime(const Object& object);
  void add_pod(const Pod& pod);
  void add_container(const Pod& pod, const metric::Attributes& of_pod, const Usage& container);
  void add_volume(const Pod& pod, const metric::Attributes& of_pod, const Volume& volume);
  void add_system_container(const Usage& part);
  void claim(const Pod& pod, const Usage& container);
  void forget();

  const Options options_;
  std::unordered_map<std::string, Seen> seen_;
  std::uint32_t round_ = 0;
  metric::Batch* batch_ = nullptr;  // during add()
  base::UnixNanos asked_ = 0;
  std::string node_;
  std::vector<metric::PodNames> pods_;
  std::vector<metric::Claim> claims_;
};

}  // namespace edgehaul::kubelet
