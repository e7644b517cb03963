// SPDX-License-Identifier: Apache-2.0
// A snapshot with something in every field: a degraded agent that also relays.
#pragma once

#include "status/snapshot.hpp"

namespace edgehaul::test {

inline constexpr base::UnixNanos kSecond = 1'000'000'000;
inline constexpr base::UnixNanos kNow = 1'780'000'000 * kSecond;  // 2026-05-28T20:26:40Z

inline spool::Stats filled_spool() {
  spool::Stats spool;
  spool.file_system = "ext4";
  spool.held = {1200, 480'000, 3 << 20};
  spool.oldest = kNow - 3 * 3600 * kSecond;
  spool.newest = kNow - 3 * kSecond;
  spool.disk_bytes = 4 << 20;
  spool.max_size = 256 << 20;
  spool.bytes_per_second = 280.5;
  spool.hours_left = 261.5;
  spool.appended = 751;
  spool.commits = 750;
  spool.dropped_size = 1;
  spool.dropped_age = 2;
  spool.dropped_corrupt = 3;
  spool.dropped_memory = 4;
  spool.dropped_rejected = 5;
  spool.dropped_thinned = 9;
  spool.resolutions = {{10, kNow - 3600 * kSecond, kNow, 360},
                       {40, kNow - 7200 * kSecond, kNow - 3600 * kSecond, 90}};
  spool.set_aside = 6;
  spool.salvaged = 7;
  spool.quarantined_files = 8;
  spool.destinations.push_back(
      {"central", {1100, 440'000, 2 << 20}, kNow - 3 * 3600 * kSecond, 16});
  return spool;
}

inline status::Destination filled_destination() {
  status::Destination to;
  to.name = "central";
  to.endpoint = "https://central.example:4317";
  to.protocol = "grpc";
  to.compression = "zstd";
  to.state = "backing off";
  to.delivered_records = 640;
  to.delivered_items = 256'000;
  to.delivered_bytes = 5 << 20;
  to.wire_bytes = 300'000;
  to.requests = 80;
  to.retries = 12;
  to.rejected_records = 1;
  to.rejected_items = 9;
  to.last_success = kNow - 3 * 3600 * kSecond;
  to.last_error = "connect to central.example:4317: Connection refused";
  to.last_error_time = kNow - 12 * kSecond;
  to.next_try = kNow + 48 * kSecond;
  to.is_behind = true;
  to.backlog_next = kNow + 7 * kSecond;
  to.too_old_kept = 5;
  to.too_old_dropped = 6;
  return to;
}

inline status::Sampling filled_sampling() {
  status::Sampling sampling;
  sampling.interval = 10;
  sampling.ticks = 750;
  sampling.skipped = 2;
  sampling.not_kept = 1;
  sampling.resets = 3;
  sampling.clock_steps = 1;
  sampling.last_tick = kNow - 3 * kSecond;
  sampling.duration = 0.00175;
  sampling.cpu = 0.0015;
  sampling.points = 400;
  sampling.sources.push_back({"cpu", "good", "", kNow - 3 * kSecond, 0.00025, 24, 0});
  sampling.sources.push_back({"mdraid", "absent", "", 0, 0, 0, 0});
  sampling.sources.push_back({"disk", "failing", "/proc/diskstats: line 3: 9 fields",
                              kNow - 600 * kSecond, 0.0005, 0, 60});
  return sampling;
}

inline status::Snapshot filled() {
  status::Snapshot snapshot;
  snapshot.now = kNow;
  snapshot.program.version = "0.1.0";
  snapshot.program.mode = "relay";
  snapshot.program.pid = 4711;
  snapshot.program.started = kNow - 7500 * kSecond;
  snapshot.program.config_file = "/etc/edgehaul/edgehaul.yaml";
  snapshot.program.last_reload = kNow - 60 * kSecond;
  snapshot.program.reload_fault = "edgehaul.yaml:3: collect.interval: not a duration";
  snapshot.identity = {{"host.name", "store-42"},
                       {"host.ip", std::vector<std::string>{"10.0.0.7", "fd00::7"}},
                       {"site.floors", std::int64_t{3}},
                       {"site.open", true},
                       {"site.height", 2.5}};
  snapshot.host_details = {{"os.name", "Debian GNU/Linux"}};
  snapshot.sampling = filled_sampling();
  snapshot.spool = filled_spool();
  snapshot.spool.unwritten = 4;
  snapshot.destinations.push_back(filled_destination());
  snapshot.listeners.push_back({"grpc 0.0.0.0:4317", true, 12, 65536, 3});
  status::Peer peer;
  peer.name = "store-17";
  peer.first_seen = kNow - 86400 * kSecond;
  peer.last_seen = kNow - 8 * kSecond;
  peer.requests = 8640;
  peer.items = 3'456'000;
  peer.bytes = 90 << 20;
  peer.refused = 2;
  peer.deferred = 1;
  peer.last_error = "field 3 ends early";
  peer.last_error_time = kNow - 3600 * kSecond;
  snapshot.peers.push_back(peer);
  snapshot.peers_forgotten = 4;
  snapshot.senders.push_back({"store-17", "0123456789abcdef0123456789abcdef",
                              kNow - 86400 * kSecond, kNow - 8 * kSecond, 8640, 3, 17, true});
  snapshot.process = {9 << 20, 12.5, 5, 23};
  return snapshot;
}

// An agent for which all is well.
inline status::Snapshot healthy() {
  status::Snapshot snapshot = filled();
  snapshot.program.mode = "agent";
  snapshot.program.reload_fault.clear();
  snapshot.spool.unwritten = 0;
  snapshot.sampling.sources.pop_back();
  status::Destination& to = snapshot.destinations.front();
  to.state = "idle";
  to.last_error.clear();
  to.last_error_time = to.next_try = to.backlog_next = 0;
  to.is_behind = false;
  to.too_old_kept = to.too_old_dropped = 0;
  to.last_success = kNow - 2 * kSecond;
  snapshot.listeners.clear();
  snapshot.peers.clear();
  snapshot.senders.clear();
  return snapshot;
}

}  // namespace edgehaul::test
