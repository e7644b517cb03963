// SPDX-License-Identifier: Apache-2.0
#include "status/prometheus.hpp"

#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/text.hpp"

namespace edgehaul::status {

namespace {

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP edgehaul_{} {}\n# TYPE edgehaul_{} {}\n", name, help, name, type);
  }
  template <class Number>
  void sample(Number value, std::string_view label = {}, std::string_view label_value = {}) {
    out_ += fmt::format("edgehaul_{}", name_);
    if (!label.empty()) out_ += fmt::format("{{{}=\"{}\"}}", label, escaped(label_value));
    out_ += fmt::format(" {}\n", value);
  }
  template <class Number>
  void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
    family(name, type, help);
    sample(value);
  }
  std::string take() { return std::move(out_); }

 private:
  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text::to_utf8(text)) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    return out;
  }

  std::string out_;
  std::string_view name_;
};

double seconds(base::UnixNanos time) {
  return static_cast<double>(time) / 1e9;
}

void sampling(Page& page, const Sampling& from) {
  page.single("ticks_total", "counter", "Ticks taken.", from.ticks);
  page.single("ticks_skipped_total", "counter", "Ticks that an overrun passed over.", from.skipped);
  page.single("ticks_not_kept_total", "counter", "Ticks that the spool refused.", from.not_kept);
  page.single("tick_duration_seconds", "gauge", "Duration of the last tick.", from.duration);
  page.single("tick_cpu_seconds", "gauge", "CPU time of the last tick.", from.cpu);
  page.single("tick_points", "gauge", "Data points of the last tick.", from.points);
  page.family("source_success", "gauge", "1 when the source could be read at the last tick.");
  for (const Source& source : from.sources) {
    if (source.state == "absent") continue;
    page.sample(source.state == "good" ? 1 : 0, "source", source.name);
  }
  page.family("source_duration_seconds", "gauge", "Duration of the source's last read.");
  for (const Source& source : from.sources)
    page.sample(source.duration, "source", source.name);
  page.family("source_last_success_timestamp_seconds", "gauge", "Time of the last good read.");
  for (const Source& source : from.sources)
    page.sample(seconds(source.last_success), "source", source.name);
  page.family("source_failures_total", "counter", "Reads that failed.");
  for (const Source& source : from.sources)
    page.sample(source.failures, "source", source.name);
}

void spool(Page& page, const Snapshot& snapshot) {
  const spool::Stats& from = snapshot.spool;
  page.single("spool_durable", "gauge", "1 while records go to disk, 0 while memory must do.",
              from.mode == spool::Mode::durable ? 1 : 0);
  page.single("spool_records", "gauge", "Records held.", from.held.records);
  page.single("spool_unwritten_records", "gauge", "Of these in memory, not on disk.",
              from.unwritten);
  page.single("spool_bytes", "gauge", "Stored bytes of the records held.", from.held.bytes);
  page.single("spool_disk_bytes", "gauge", "Bytes on disk, all files.", from.disk_bytes);
  page.single("spool_max_bytes", "gauge", "The bound on those.", from.max_size);
  page.single("spool_appended_total", "counter", "Records made durable.", from.appended);
  const double age = from.oldest == 0 ? 0 : seconds(snapshot.now - from.oldest);
  page.single("spool_oldest_age_seconds", "gauge", "Age of the oldest record.", age);
  if (from.hours_left >= 0) {
    page.single("spool_hours_left", "gauge", "Hours of room left at the present rate.",
                from.hours_left);
  }
  page.family("spool_dropped_records_total", "counter", "Records lost, by reason.");
  page.sample(from.dropped_size, "reason", "size");
  page.sample(from.dropped_age, "reason", "age");
  page.sample(from.dropped_corrupt, "reason", "corrupt");
  page.sample(from.dropped_memory, "reason", "memory");
  page.sample(from.dropped_rejected, "reason", "rejected");
  page.sample(from.dropped_thinned, "reason", "thinned");
  page.single("spool_set_aside_records", "gauge", "Rejected records kept for people.",
              from.set_aside);
}

void destinations(Page& page, const Snapshot& snapshot) {
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto&& pick) {
    page.family(name, type, help);
    for (const Destination& destination : snapshot.destinations) {
      page.sample(pick(destination), "destination", destination.name);
    }
  };
  each("destination_up", "gauge", "1 while requests succeed or there is nothing to send.",
       [](const Destination& d) { return d.state == "idle" || d.state == "sending" ? 1 : 0; });
  each("destination_delivered_items_total", "counter",
       "Data points, log records and spans delivered.",
       [](const Destination& d) { return d.delivered_items; });
  each("destination_delivered_records_total", "counter", "Records delivered.",
       [](const Destination& d) { return d.delivered_records; });
  each("destination_wire_bytes_total", "counter", "Request bodies as sent.",
       [](const Destination& d) { return d.wire_bytes; });
  each("destination_requests_total", "counter", "Requests sent.",
       [](const Destination& d) { return d.requests; });
  each("destination_retries_total", "counter", "Requests that had to be repeated.",
       [](const Destination& d) { return d.retries; });
  each("destination_rejected_records_total", "counter", "Records set aside.",
       [](const Destination& d) { return d.rejected_records; });
  each("destination_rejected_items_total", "counter", "Items refused by partial success.",
       [](const Destination& d) { return d.rejected_items; });
  each("destination_behind", "gauge", "1 while a backlog drains behind fresh records.",
       [](const Destination& d) { return d.is_behind ? 1 : 0; });
  each("destination_too_old_kept_total", "counter", "Records past max_age set aside.",
       [](const Destination& d) { return d.too_old_kept; });
  each("destination_too_old_dropped_total", "counter", "Records past max_age dropped.",
       [](const Destination& d) { return d.too_old_dropped; });
  each("destination_last_success_timestamp_seconds", "gauge", "Time of the last success, 0: never.",
       [](const Destination& d) { return seconds(d.last_success); });
  page.family("destination_lag_seconds", "gauge", "Age of the oldest record not yet delivered.");
  for (const spool::DestinationStats& waiting : snapshot.spool.destinations) {
    const double lag = waiting.oldest == 0 ? 0 : seconds(snapshot.now - waiting.oldest);
    page.sample(lag, "destination", waiting.name);
  }
  page.family("destination_waiting_records", "gauge", "Records not yet delivered.");
  for (const spool::DestinationStats& waiting : snapshot.spool.destinations) {
    page.sample(waiting.waiting.records, "destination", waiting.name);
  }
}

void reception(Page& page, const Snapshot& snapshot) {
  if (snapshot.listeners.empty()) return;
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        const auto& rows, std::string_view label, auto&& pick) {
    page.family(name, type, help);
    for (const auto& row : rows)
      page.sample(pick(row), label, row.name);
  };
  each("receive_connections", "gauge", "Open connections.", snapshot.listeners, "listener",
       [](const Listener& l) { return l.connections; });
  each("receive_buffered_bytes", "gauge", "Bytes of requests under way.", snapshot.listeners,
       "listener", [](const Listener& l) { return l.buffered; });
  each("receive_refused_connections_total", "counter", "Connections beyond the bound.",
       snapshot.listeners, "listener", [](const Listener& l) { return l.refused; });
  each("receive_requests_total", "counter", "Requests made durable.", snapshot.peers, "peer",
       [](const Peer& p) { return p.requests; });
  each("receive_items_total", "counter", "Data points, log records and spans made durable.",
       snapshot.peers, "peer", [](const Peer& p) { return p.items; });
  each("receive_bytes_total", "counter", "Bytes of those requests as sent.", snapshot.peers, "peer",
       [](const Peer& p) { return p.bytes; });
  each("receive_refused_total", "counter", "Requests refused for good.", snapshot.peers, "peer",
       [](const Peer& p) { return p.refused; });
  each("receive_deferred_total", "counter", "Requests told to come again.", snapshot.peers, "peer",
       [](const Peer& p) { return p.deferred; });
  each("receive_last_seen_timestamp_seconds", "gauge", "When the peer was last heard.",
       snapshot.peers, "peer", [](const Peer& p) { return seconds(p.last_seen); });
  page.single("receive_peers_forgotten_total", "counter", "Peers that made room for others.",
              snapshot.peers_forgotten);
}

}  // namespace

std::string to_prometheus(const Snapshot& snapshot) {
  Page page;
  page.family("build_info", "gauge", "The version.");
  page.sample(1, "version", snapshot.program.version);
  page.single("start_timestamp_seconds", "gauge", "When this process started.",
              seconds(snapshot.program.started));
  page.single("troubles", "gauge", "Things that do not work now; /status names them.",
              troubles(snapshot).size());
  sampling(page, snapshot.sampling);
  spool(page, snapshot);
  destinations(page, snapshot);
  reception(page, snapshot);
  page.single("process_resident_memory_bytes", "gauge", "Resident memory.", snapshot.process.rss);
  page.single("process_cpu_seconds_total", "counter", "CPU time.", snapshot.process.cpu);
  page.single("process_threads", "gauge", "Threads.", snapshot.process.threads);
  page.single("process_open_fds", "gauge", "Open descriptors.", snapshot.process.descriptors);
  return page.take();
}

}  // namespace edgehaul::status
