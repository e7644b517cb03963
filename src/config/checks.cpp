// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/destination.hpp"
#include "config/receive.hpp"

namespace edgehaul::config {

namespace {

Place place_of(const Places& places, std::string_view key) {
  const auto found = places.find(key);
  return found == places.end() ? Place() : found->second;
}

Fault fault_at(const Places& places, Severity severity, const std::string& key, std::string message,
               std::string suggestion = {}) {
  Place place = place_of(places, key);
  return {severity,           std::move(place.where), key, std::move(place.written),
          std::move(message), std::move(suggestion)};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

void check_names(std::vector<Draft>& drafts, const Places& places, Faults& faults) {
  std::map<std::string, std::string> seen;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    std::string& name = drafts[i].to.name;
    const std::string entry = fmt::format("forward[{}]", i);
    const std::string key = entry + ".name";
    if (name.empty() && drafts.size() == 1) name = "default";
    if (name.empty()) {
      Fault fault =
          fault_at(places, Severity::error, entry,
                   "missing: several destinations are told apart by their names", "add name: NAME");
      fault.key = key;
      faults.push_back(std::move(fault));
    } else if (!is_name(name)) {
      faults.push_back(fault_at(places, Severity::error, key, "not a name",
                                "up to 64 letters, digits, '.', '_' and '-'"));
    } else if (const auto [first, is_new] = seen.emplace(name, key); !is_new) {
      const Where where = place_of(places, first->second).where;
      faults.push_back(fault_at(
          places, Severity::error, key,
          fmt::format("the name of two destinations, first at {}:{}", where.file, where.line),
          "progress through the spool is kept by name"));
    }
  }
}

void check_resource(const Config& config, const Places& places, Faults& faults) {
  for (const auto& [name, value] : config.resource) {
    if (!name.empty() && value.size() <= 4096) continue;
    Fault fault = fault_at(places, Severity::error, "resource." + name,
                           name.empty() ? "an attribute needs a name" : "longer than 4096 bytes");
    faults.push_back(std::move(fault));
  }
}

void check_identity(const Config& config, const Places& places, Faults& faults) {
  for (const std::string& name : config.identity.detectors) {
    const auto& known = identity::kDetectors;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string_view nearest = text::nearest(name, known);
    faults.push_back(fault_at(places, Severity::error, "identity.detectors",
                              fmt::format("\"{}\" is no detector", text::to_utf8(name)),
                              nearest.empty() ? "" : fmt::format("did you mean {}?", nearest)));
  }
}

void check_general(const Config& config, const Places& places, Faults& faults) {
  const auto add = [&](Severity severity, const char* key, const char* message,
                       const char* suggestion) {
    faults.push_back(fault_at(places, severity, key, message, suggestion));
  };
  if (config.state_dir.empty()) {
    add(Severity::error, "state_dir", "empty", "name a directory that survives a reboot");
  }
  // sockaddr_un of Linux holds 108 bytes with the final zero.
  if (config.status.socket.size() > 107) {
    add(Severity::error, "status.socket", "longer than a socket's path may be",
        "at most 107 bytes");
  }
  if (config.spool.memory_queue > config.spool.max_size) {
    add(Severity::warning, "spool.memory_queue", "larger than spool.max_size", "");
  }
  if (!config.collect.host_enabled && !config.collect.cgroup.enabled &&
      config.collect.kubelet.enabled == kubelet::Enabled::no) {
    add(Severity::warning, "collect.host.enabled", "nothing is sampled but who this host is", "");
  }
  if (config.forward.destinations.empty()) {
    add(Severity::note, "forward", "no destination: samples are spooled and not sent", "");
  }
}

}  // namespace

Config finish(Bound bound, Faults& faults) {
  check_names(bound.drafts, bound.places, faults);
  for (std::size_t i = 0; i < bound.drafts.size(); ++i)
    check_destination(bound.drafts[i], fmt::format("forward[{}]", i), bound.places, faults);

  Config config = std::move(bound.config);
  config.spool.directory = config.state_dir;
  for (Draft& draft : bound.drafts) {
    config.spool.destinations.push_back(draft.to.name);
    config.forward.destinations.push_back(std::move(draft.to));
  }
  check_receive(config, bound.places, faults);
  check_general(config, bound.places, faults);
  check_resource(config, bound.places, faults);
  check_identity(config, bound.places, faults);
  return config;
}

}  // namespace edgehaul::config
