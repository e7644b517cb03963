// SPDX-License-Identifier: Apache-2.0
// Everything that can be told about a running edgehaul at one moment. Plain data, filled by the
// daemon on the main thread; the renderers below this room's other headers only read it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "metric/value.hpp"
#include "spool/senders.hpp"
#include "spool/stats.hpp"

namespace edgehaul::status {

struct Program {
  std::string version;
  std::string mode;  // "agent" | "relay"
  int pid = 0;
  base::UnixNanos started = 0;
  bool is_stopping = false;
  std::string config_file;
  base::UnixNanos last_reload = 0;  // 0: never
  std::string reload_fault;         // why the last reload was refused; empty when it was not
};

struct Source {
  std::string name;
  std::string state;  // "good" | "absent" | "failing" | "unread"
  std::string error;
  base::UnixNanos last_success = 0;
  double duration = 0;  // seconds
  std::uint64_t points = 0;
  std::uint64_t failures = 0;
};

struct Sampling {
  double interval = 0;  // seconds
  std::uint64_t ticks = 0;
  std::uint64_t skipped = 0;
  std::uint64_t not_kept = 0;
  std::uint64_t resets = 0;
  std::uint64_t clock_steps = 0;
  base::UnixNanos last_tick = 0;
  double duration = 0;  // seconds, of the last tick
  double cpu = 0;       // seconds, of the last tick
  std::uint64_t points = 0;
  std::vector<Source> sources;
};

struct Destination {
  std::string name;
  std::string endpoint;  // without user info
  std::string protocol;
  std::string compression;
  std::string state;  // "idle" | "sending" | "backing off" | "held"
  std::uint64_t delivered_records = 0;
  std::uint64_t delivered_items = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t wire_bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t rejected_records = 0;
  std::uint64_t rejected_items = 0;
  base::UnixNanos last_success = 0;
  std::string last_error;
  base::UnixNanos last_error_time = 0;
  bool is_behind = false;            // fresh records go first, a backlog drains behind them
  base::UnixNanos backlog_next = 0;  // 0: the backlog does not wait
  std::uint64_t too_old_kept = 0;    // records withheld by max_age
  std::uint64_t too_old_dropped = 0;
  base::UnixNanos next_try = 0;
};

struct Listener {
  std::string name;
  bool has_tls = false;
  std::uint64_t connections = 0;
  std::uint64_t buffered = 0;  // bytes of requests under way
  std::uint64_t refused = 0;   // connections beyond the bound
};

struct Peer {
  std::string name;
  base::UnixNanos first_seen = 0;
  base::UnixNanos last_seen = 0;
  std::uint64_t requests = 0;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  std::uint64_t refused = 0;
  std::uint64_t deferred = 0;
  std::string last_error;
  base::UnixNanos last_error_time = 0;
};

struct Process {
  std::uint64_t rss = 0;  // bytes
  double cpu = 0;         // seconds since start
  std::uint64_t threads = 0;
  std::uint64_t descriptors = 0;
};

struct Snapshot {
  base::UnixNanos now = 0;
  Program program;
  metric::Attributes identity;      // on every sample
  metric::Attributes host_details;  // on edgehaul.host.info
  Sampling sampling;
  spool::Stats spool;
  std::vector<Destination> destinations;
  std::vector<Listener> listeners;  // relay
  std::vector<Peer> peers;          // relay
  std::uint64_t peers_forgotten = 0;
  std::vector<spool::SenderReport> senders;  // relay: edgehauls whose records come once
  Process process;
};

// What is wrong, in words; empty when everything that was asked for works.
std::vector<std::string> troubles(const Snapshot& snapshot);

// "starting" until the first tick, then "running", "degraded" (something in troubles()) or
// "stopping".
std::string_view state(const Snapshot& snapshot);

// Ready: samples are taken, on time, and kept on disk. Degraded forwarding is no reason to be
// unready.
bool is_ready(const Snapshot& snapshot);

}  // namespace edgehaul::status
