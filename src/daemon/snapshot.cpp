// SPDX-License-Identifier: Apache-2.0
// Daemon::take_snapshot: every room's own statistics as what status shows.
#include <ctime>
#include <utility>

#include <dirent.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "daemon/daemon.hpp"

namespace edgehaul::daemon {

namespace {

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

std::string_view state_name(sampler::SourceState state) {
  switch (state) {
    case sampler::SourceState::unread:
      return "unread";
    case sampler::SourceState::good:
      return "good";
    case sampler::SourceState::absent:
      return "absent";
    case sampler::SourceState::failing:
      return "failing";
  }
  return "unread";
}

std::string_view state_name(forward::State state) {
  switch (state) {
    case forward::State::idle:
      return "idle";
    case forward::State::sending:
      return "sending";
    case forward::State::backing_off:
      return "backing off";
    case forward::State::held:
      return "held";
  }
  return "idle";
}

status::Sampling sampling(const sampler::Stats& from) {
  status::Sampling to;
  to.interval = seconds(from.interval);
  to.ticks = from.ticks;
  to.skipped = from.skipped;
  to.not_kept = from.not_kept;
  to.resets = from.resets;
  to.clock_steps = from.clock_steps;
  to.last_tick = from.last_tick;
  to.duration = seconds(from.duration);
  to.cpu = seconds(from.cpu);
  to.points = from.points;
  for (const sampler::SourceStats& source : from.sources) {
    to.sources.push_back({source.name, std::string(state_name(source.state)), source.error,
                          source.last_success, seconds(source.duration), source.points,
                          source.failures});
  }
  return to;
}

status::Destination destination(const forward::DestinationStats& from) {
  status::Destination to;
  to.name = from.name;
  to.endpoint = from.endpoint;
  to.protocol = from.protocol;
  to.compression = from.compression;
  to.state = state_name(from.state);
  to.delivered_records = from.delivered_records;
  to.delivered_items = from.delivered_items;
  to.delivered_bytes = from.delivered_bytes;
  to.wire_bytes = from.wire_bytes;
  to.requests = from.requests;
  to.retries = from.retries;
  to.rejected_records = from.rejected_records;
  to.rejected_items = from.rejected_items;
  to.last_success = from.last_success;
  to.last_error = from.last_error;
  to.last_error_time = from.last_error_time;
  to.next_try = from.next_try;
  to.is_behind = from.is_behind;
  to.backlog_next = from.backlog_next;
  to.too_old_kept = from.too_old_kept;
  to.too_old_dropped = from.too_old_dropped;
  return to;
}

std::uint64_t open_descriptors(const std::string& folder) {
  std::uint64_t count = 0;
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return 0;
  while (const dirent* entry = ::readdir(dir))
    count += entry->d_name[0] != '.';
  ::closedir(dir);
  return count - 1;  // the folder's own
}

// proc(5), /proc/self/status: sizes are in kiB.
status::Process process(const base::Roots& roots) {
  status::Process to;
  std::string buffer;
  if (const auto body = base::read_file(roots.in_proc("self/status"), buffer)) {
    std::string_view rest = *body;
    while (auto line = text::next_line(rest)) {
      const std::string_view key = text::next_field(*line);
      const auto value = text::parse_u64(text::next_field(*line));
      if (key == "VmRSS:" && value) to.rss = *value * 1024;
      if (key == "Threads:" && value) to.threads = *value;
    }
  }
  to.descriptors = open_descriptors(roots.in_proc("self/fd"));
  timespec spent{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0) {
    to.cpu = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
  }
  return to;
}

void add_reception(const relay::Relay& relay, const relay::Peers& peers, status::Snapshot& to) {
  for (const relay::ListenerStats& from : relay.stats()) {
    to.listeners.push_back(
        {from.name, from.has_tls, from.connections, from.buffered, from.refused});
  }
  for (relay::PeerRow& from : peers.rows()) {
    to.peers.push_back({std::move(from.name), from.first_seen, from.last_seen, from.requests,
                        from.items, from.bytes, from.refused, from.deferred,
                        std::move(from.last_error), from.last_error_time});
  }
  to.peers_forgotten = peers.forgotten();
}

}  // namespace

status::Snapshot Daemon::take_snapshot() const {
  status::Snapshot snapshot;
  snapshot.now = clock_.wall();
  snapshot.program.version = base::version();
  snapshot.program.mode = config_.mode == config::Mode::relay ? "relay" : "agent";
  snapshot.program.pid = static_cast<int>(::getpid());
  snapshot.program.started = started_;
  snapshot.program.is_stopping = is_stopping_;
  snapshot.program.config_file = config_file_;
  snapshot.program.last_reload = last_reload_;
  snapshot.program.reload_fault = reload_fault_;
  const identity::Watch::Shared who = flow_.identity();
  snapshot.identity = who->attributes;
  snapshot.host_details = who->details;
  snapshot.process = process(base::Roots());
  if (!flow_.is_running()) return snapshot;
  snapshot.sampling = sampling(flow_.sampled());
  snapshot.spool = flow_.spooled();
  for (const forward::DestinationStats& from : flow_.forwarded()) {
    snapshot.destinations.push_back(destination(from));
  }
  if (relay_) {
    add_reception(*relay_, *peers_, snapshot);
    snapshot.senders = flow_.senders();
  }
  return snapshot;
}

}  // namespace edgehaul::daemon
