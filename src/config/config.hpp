// SPDX-License-Identifier: Apache-2.0
// Everything an operator can set, as the rooms want it. Plain data; the values here are the
// built-in defaults and the key table (keys.hpp) prints them. Made by load(), copied on reload.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "forward/options.hpp"
#include "identity/options.hpp"
#include "metric/selection.hpp"
#include "relay/options.hpp"
#include "sources/cgroup/options.hpp"
#include "sources/host/options.hpp"
#include "sources/kubelet/options.hpp"
#include "spool/options.hpp"

namespace edgehaul::config {

inline constexpr const char* kDefaultFile = "/etc/edgehaul/edgehaul.yaml";

enum class Mode : std::uint8_t { agent, relay };

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Collect {
  std::chrono::milliseconds interval{10'000};
  bool host_enabled = true;
  host::Options host;
  cgroup::Options cgroup;
  kubelet::Options kubelet;
  metric::Selection selection;
};

struct Status {
  std::string socket = "/run/edgehaul/status.sock";  // empty: none
};

struct Config {
  Mode mode = Mode::agent;
  log::Level log_level = log::Level::info;
  Pairs resource;
  identity::Choice identity;
  std::string state_dir = "/var/lib/edgehaul";
  Collect collect;
  spool::Options spool;  // directory and destinations are filled by load()
  forward::Options forward;
  std::vector<std::string> drop_first;  // names of signals; of a relay, see check_receive()
  relay::Options receive;               // in relay mode; addresses and ports are filled by load()
  Status status;
};

}  // namespace edgehaul::config
