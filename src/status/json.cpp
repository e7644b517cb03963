// SPDX-License-Identifier: Apache-2.0
#include "status/json.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include <boost/json.hpp>

#include "base/text.hpp"
#include "base/units.hpp"

namespace edgehaul::status {

namespace {

namespace json = boost::json;

json::value time(base::UnixNanos at) {
  if (at == 0) return nullptr;
  return json::string(units::format_utc(at));
}

// JSON knows neither infinity nor NaN.
json::value number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

double seconds(base::UnixNanos span) {
  return static_cast<double>(span) / 1e9;
}

// Errors and names come from the host and from peers: JSON must stay UTF-8.
json::string words(std::string_view text) {
  return json::string(text::to_utf8(text));
}

json::value value(const metric::Value& held) {
  return std::visit(
      [](const auto& inner) -> json::value {
        using Inner = std::decay_t<decltype(inner)>;
        if constexpr (std::is_same_v<Inner, std::string>) {
          return words(inner);
        } else if constexpr (std::is_same_v<Inner, std::vector<std::string>>) {
          json::array items;
          for (const std::string& item : inner)
            items.push_back(words(item));
          return items;
        } else if constexpr (std::is_same_v<Inner, double>) {
          return number(inner);
        } else {
          return inner;
        }
      },
      held);
}

json::object attributes(const metric::Attributes& from) {
  json::object out;
  for (const auto& [key, held] : from)
    out[words(key)] = value(held);
  return out;
}

json::object program(const Snapshot& snapshot) {
  const Program& from = snapshot.program;
  json::array wrong;
  for (const std::string& trouble : troubles(snapshot))
    wrong.push_back(words(trouble));
  return {{"version", from.version},
          {"mode", from.mode},
          {"state", state(snapshot)},
          {"troubles", std::move(wrong)},
          {"pid", from.pid},
          {"started", time(from.started)},
          {"uptime_seconds", std::max(0.0, seconds(snapshot.now - from.started))},
          {"config_file", words(from.config_file)},
          {"last_reload", time(from.last_reload)},
          {"reload_fault", words(from.reload_fault)}};
}

json::object sampler(const Sampling& from) {
  json::array sources;
  for (const Source& source : from.sources) {
    sources.push_back(json::object{{"name", source.name},
                                   {"state", source.state},
                                   {"error", words(source.error)},
                                   {"last_success", time(source.last_success)},
                                   {"duration_seconds", source.duration},
                                   {"points", source.points},
                                   {"failures", source.failures}});
  }
  return {{"interval_seconds", from.interval},
          {"ticks", from.ticks},
          {"skipped", from.skipped},
          {"not_kept", from.not_kept},
          {"resets", from.resets},
          {"clock_steps", from.clock_steps},
          {"last_tick", time(from.last_tick)},
          {"duration_seconds", from.duration},
          {"cpu_seconds", from.cpu},
          {"points", from.points},
          {"sources", std::move(sources)}};
}

json::object amount(const spool::Amount& from) {
  return {{"records", from.records}, {"items", from.items}, {"bytes", from.bytes}};
}

json::object spool(const spool::Stats& from) {
  json::object out{{"mode", from.mode == spool::Mode::durable ? "durable" : "memory"},
                   {"trouble", words(from.trouble)},
                   {"persistent", from.persistent},
                   {"file_system", words(from.file_system)},
                   {"held", amount(from.held)},
                   {"unwritten", from.unwritten},
                   {"oldest", time(from.oldest)},
                   {"newest", time(from.newest)},
                   {"disk_bytes", from.disk_bytes},
                   {"max_size", from.max_size},
                   {"bytes_per_second", number(from.bytes_per_second)},
                   {"appended", from.appended},
                   {"commits", from.commits},
                   {"set_aside", from.set_aside},
                   {"salvaged", from.salvaged},
                   {"quarantined_files", from.quarantined_files}};
  if (from.hours_left >= 0) {
    out["hours_left"] = number(from.hours_left);
  } else {
    out["hours_left"] = nullptr;
  }
  out["dropped"] =
      json::object{{"size", from.dropped_size},         {"age", from.dropped_age},
                   {"corrupt", from.dropped_corrupt},   {"memory", from.dropped_memory},
                   {"rejected", from.dropped_rejected}, {"thinned", from.dropped_thinned}};
  json::array resolutions;
  for (const spool::Resolution& one : from.resolutions) {
    resolutions.push_back(json::object{{"step_seconds", number(one.step_seconds)},
                                       {"from", time(one.from)},
                                       {"until", time(one.until)},
                                       {"records", one.records}});
  }
  out["resolutions"] = std::move(resolutions);
  return out;
}

json::object destination(const Destination& from, const Snapshot& snapshot) {
  json::object out{{"name", from.name},
                   {"endpoint", words(from.endpoint)},
                   {"protocol", from.protocol},
                   {"compression", from.compression},
                   {"state", from.state},
                   {"delivered_records", from.delivered_records},
                   {"delivered_items", from.delivered_items},
                   {"delivered_bytes", from.delivered_bytes},
                   {"wire_bytes", from.wire_bytes},
                   {"requests", from.requests},
                   {"retries", from.retries},
                   {"rejected_records", from.rejected_records},
                   {"rejected_items", from.rejected_items},
                   {"behind", from.is_behind},
                   {"backlog_next", time(from.backlog_next)},
                   {"too_old_kept", from.too_old_kept},
                   {"too_old_dropped", from.too_old_dropped},
                   {"last_success", time(from.last_success)},
                   {"last_error", words(from.last_error)},
                   {"last_error_time", time(from.last_error_time)},
                   {"next_try", time(from.next_try)}};
  for (const spool::DestinationStats& waiting : snapshot.spool.destinations) {
    if (waiting.name != from.name) continue;
    out["waiting"] = amount(waiting.waiting);
    out["leased_records"] = waiting.leased;
    out["oldest_waiting"] = time(waiting.oldest);
    const base::UnixNanos lag = waiting.oldest == 0 ? 0 : snapshot.now - waiting.oldest;
    out["lag_seconds"] = std::max(0.0, seconds(lag));
  }
  return out;
}

json::object reception(const Snapshot& snapshot) {
  json::array listeners;
  for (const Listener& listener : snapshot.listeners) {
    listeners.push_back(json::object{{"name", words(listener.name)},
                                     {"tls", listener.has_tls},
                                     {"connections", listener.connections},
                                     {"buffered_bytes", listener.buffered},
                                     {"refused_connections", listener.refused}});
  }
  json::array peers;
  for (const Peer& peer : snapshot.peers) {
    peers.push_back(json::object{{"name", words(peer.name)},
                                 {"first_seen", time(peer.first_seen)},
                                 {"last_seen", time(peer.last_seen)},
                                 {"requests", peer.requests},
                                 {"items", peer.items},
                                 {"bytes", peer.bytes},
                                 {"refused", peer.refused},
                                 {"deferred", peer.deferred},
                                 {"last_error", words(peer.last_error)},
                                 {"last_error_time", time(peer.last_error_time)}});
  }
  json::array senders;
  for (const spool::SenderReport& sender : snapshot.senders) {
    senders.push_back(json::object{{"peer", words(sender.peer)},
                                   {"installation", words(sender.installation)},
                                   {"since", time(sender.since)},
                                   {"last", time(sender.last)},
                                   {"records", sender.records},
                                   {"missing", sender.missing},
                                   {"repeats", sender.repeats},
                                   {"cloned", sender.is_cloned}});
  }
  return {{"listeners", std::move(listeners)},
          {"peers", std::move(peers)},
          {"senders", std::move(senders)},
          {"peers_forgotten", snapshot.peers_forgotten}};
}

}  // namespace

std::string to_json(const Snapshot& snapshot) {
  json::array destinations;
  for (const Destination& from : snapshot.destinations) {
    destinations.push_back(destination(from, snapshot));
  }
  json::object out{{"now", time(snapshot.now)},
                   {"program", program(snapshot)},
                   {"identity", attributes(snapshot.identity)},
                   {"host_details", attributes(snapshot.host_details)},
                   {"sampler", sampler(snapshot.sampling)},
                   {"spool", spool(snapshot.spool)},
                   {"destinations", std::move(destinations)}};
  if (!snapshot.listeners.empty()) out["receive"] = reception(snapshot);
  out["process"] = json::object{{"rss_bytes", snapshot.process.rss},
                                {"cpu_seconds", snapshot.process.cpu},
                                {"threads", snapshot.process.threads},
                                {"descriptors", snapshot.process.descriptors}};
  return json::serialize(out);
}

}  // namespace edgehaul::status
