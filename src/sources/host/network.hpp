// SPDX-License-Identifier: Apache-2.0
// Interface counters from net/dev and the size of the connection tracking table. Collect thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/kept_file.hpp"
#include "sources/host/name_map.hpp"
#include "sources/host/net_file.hpp"

namespace edgehaul::host {

struct InterfaceTraffic {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;
};

struct InterfaceStats {
  std::string_view name;
  InterfaceTraffic receive;
  InterfaceTraffic transmit;
};

// A line of net/dev; nullopt when it is none (the two heading lines have no colon).
std::optional<InterfaceStats> parse_net_dev_line(std::string_view line);

class Network final : public metric::Source {
 public:
  Network(const base::Roots& roots, const NetworkOptions& options);
  std::string_view name() const override { return "network"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  struct Nothing {};

  NetFile dev_;
  KeptFile conntrack_count_;
  KeptFile conntrack_max_;
  NameMap<Nothing> interfaces_;
};

}  // namespace edgehaul::host
