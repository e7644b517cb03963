// SPDX-License-Identifier: Apache-2.0
// The kubelet's answer to GET /stats/summary (its types v1alpha1) as far as it becomes metrics.
// Parsed as a stream, so that unknown parts cost no memory; every list has a bound. Plain data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace edgehaul::kubelet {

// Numbers of a block; each kind of block has its own few.
enum class Cpu : std::uint8_t { nano_cores, core_nanoseconds };
enum class Memory : std::uint8_t {
  available,
  usage,
  working_set,
  rss,
  page_faults,
  major_page_faults
};
enum class Fs : std::uint8_t { available, capacity, used, inodes, inodes_free, inodes_used };
enum class Net : std::uint8_t { received, receive_errors, sent, send_errors };

// What the kubelet measured at one moment. A number that it does not give is absent, not zero.
struct Block {
  base::UnixNanos time = 0;  // 0: not said

  template <class Field>
  std::optional<std::uint64_t> operator[](Field field) const {
    return at(static_cast<std::size_t>(field));
  }
  std::optional<std::uint64_t> at(std::size_t index) const {
    return (present_ >> index & 1U) != 0 ? std::optional(values_[index]) : std::nullopt;
  }
  void set(std::size_t index, std::uint64_t value) {
    values_[index] = value;
    present_ = static_cast<std::uint8_t>(present_ | 1U << index);
  }
  bool is_empty() const { return present_ == 0; }

 private:
  std::array<std::uint64_t, 6> values_{};
  std::uint8_t present_ = 0;
};

// A node, a pod, a container or a part of the node (systemContainers).
struct Usage {
  std::string name;
  base::UnixNanos start = 0;  // of its counters; 0: unknown
  Block cpu;
  Block memory;
  Block fs;
  Block network;
  std::string interface;  // of `network`, the default one
};

struct Volume {
  std::string name;
  std::string claim;  // name of its PersistentVolumeClaim; empty: it has none
  Block fs;
};

struct Pod {
  Usage usage;
  std::string uid;
  std::string namespace_name;
  std::vector<Usage> containers;
  std::vector<Volume> volumes;
};

struct Summary {
  // Further ones are left out and counted.
  static constexpr std::size_t kMostPods = 4'096;
  static constexpr std::size_t kMostParts = 16'384;  // containers and volumes of all pods, each

  Usage node;
  std::vector<Usage> system_containers;
  std::vector<Pod> pods;
  std::size_t left_out = 0;
  std::string
      oddity;  // the first value that is not what it should be, in words; it counts as absent
};

// Errc::malformed says where; too_large: nested too deeply. Invalid UTF-8 in names is repaired.
Result<Summary> parse_summary(std::string_view json);

// RFC 3339 with seconds or a fraction of them; nullopt: it is none. 0 for the zero time of Go and
// for everything before 1970.
std::optional<base::UnixNanos> parse_time(std::string_view text);

}  // namespace edgehaul::kubelet
