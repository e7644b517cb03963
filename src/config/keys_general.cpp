// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kTiB = kMiB * kMiB;
constexpr auto kTenYears = std::chrono::hours(24 * 3650);

void add_top(std::vector<Key>& rows) {
  rows.push_back(
      {"mode",
       Type::choice,
       Choice{{"agent", "relay"},
              [](Slot s, std::size_t i) { s.config.mode = static_cast<Mode>(i); },
              [](Slot s) { return static_cast<std::size_t>(s.config.mode); }},
       {},
       "What this process is: an agent samples its host and forwards the samples; a relay does "
       "so too, and first of all takes OTLP from agents, Collectors and SDKs."});
  rows.push_back(
      {"log_level",
       Type::choice,
       Choice{{"debug", "info", "warning", "error"},
              [](Slot s, std::size_t i) { s.config.log_level = static_cast<log::Level>(i); },
              [](Slot s) { return static_cast<std::size_t>(s.config.log_level); }},
       {},
       "The least severe lines that are logged."});
  rows.push_back(row(
      "resource", [](Slot s) -> auto& { return s.config.resource; },
      "Resource attributes of everything that is sampled here, such as site: store-0042; they "
      "beat detected ones and OTEL_RESOURCE_ATTRIBUTES."));
  rows.push_back(row(
      "identity.detectors", [](Slot s) -> auto& { return s.config.identity.detectors; },
      "Which of host, os, hardware, palette, kairos, maas and kubernetes look for attributes."));
  rows.push_back(row(
      "identity.include", [](Slot s) -> auto& { return s.config.identity.include; },
      "Names or globs of found attributes that every sample carries beside the usual few, such as "
      "palette.site.tag.*; the others go with edgehaul.host.info."));
  rows.push_back(row(
      "identity.exclude", [](Slot s) -> auto& { return s.config.identity.exclude; },
      "Names or globs of found attributes that go nowhere."));
  rows.push_back(as(Type::path, row(
                                    "state_dir", [](Slot s) -> auto& { return s.config.state_dir; },
                                    "Directory of the spool; it must survive a reboot.")));
  rows.push_back(row(
      "stop_grace", [](Slot s) -> auto& { return s.config.forward.stop_grace; },
      "Time for a last attempt to send when the service stops.", between(0ms, 60s)));
}

void add_collect(std::vector<Key>& rows) {
  rows.push_back(row(
      "collect.interval", [](Slot s) -> auto& { return s.config.collect.interval; },
      "Time between two samples.", between(100ms, 1h)));
  rows.push_back(row(
      "collect.metrics", [](Slot s) -> auto& { return s.config.collect.selection; },
      "Switches metrics by name or glob, such as system.cpu.utilization: true. A name beats a "
      "glob and a longer glob a shorter one, wherever they stand."));
}

void add_spool(std::vector<Key>& rows) {
  rows.push_back(row("spool.max_size", [](Slot s) -> auto& { return s.config.spool.max_size; },
                     "Bytes on disk, all files together; the oldest records make room.",
                     {kMiB, 16 * kTiB}));
  rows.push_back(row(
      "spool.max_age", [](Slot s) -> auto& { return s.config.spool.max_age; },
      "Records older than this are dropped.", between(1s, kTenYears)));
  rows.push_back(
      row("spool.memory_queue", [](Slot s) -> auto& { return s.config.spool.memory_queue; },
          "Bytes kept in memory while the disk cannot be written.", {64 * kKiB, 1024 * kMiB}));
  rows.push_back(
      row("spool.set_aside_size", [](Slot s) -> auto& { return s.config.spool.set_aside_size; },
          "Bytes of rejected records that are kept for people to look at.", {0, 1024 * kMiB}));
  rows.push_back(row(
      "spool.thin.coarsest", [](Slot s) -> auto& { return s.config.spool.thin_coarsest; },
      "When there is no room, samples of this host are thinned to every second one, oldest first, "
      "again and again, but never to a longer step than this; only then are records dropped. 0 "
      "switches it off.",
      between(0ms, 24h)));
  rows.push_back(row(
      "spool.drop_first", [](Slot s) -> auto& { return s.config.drop_first; },
      "When a relay's spool is full it refuses what peers send and keeps what it acknowledged. Of "
      "these signals (logs, traces, metrics, profiles) the oldest records of peers are dropped and "
      "counted instead, those of the first one before those of the next."));
  rows.push_back(row(
      "spool.commit_delay", [](Slot s) -> auto& { return s.config.spool.commit_delay; },
      "Wait at most this long for more records to share a commit.", between(0ms, 5s)));
  rows.push_back(row(
      "spool.loss_window", [](Slot s) -> auto& { return s.config.spool.loss_window; },
      "Samples of this host may wait in memory for so long before they are written, so that the "
      "disk "
      "is written less often: a power cut or a crash then takes at most so much of them. What is "
      "delivered in time is never written. Records of peers do not wait.",
      between(0ms, 5min)));
}

}  // namespace

void add_general_keys(std::vector<Key>& rows) {
  add_top(rows);
  rows.push_back(
      as(Type::path, row(
                         "status.socket", [](Slot s) -> auto& { return s.config.status.socket; },
                         "Path of the status socket; empty: none.")));
  add_spool(rows);
  add_collect(rows);
}

}  // namespace edgehaul::config
