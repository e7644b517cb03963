// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace edgehaul::config {

namespace {

constexpr std::array<std::string_view, 12> kTypeNames{
    "true or false", "number", "size", "size per second",
    "duration",      "text",   "URL",  "path",
    "choice",        "list",   "map",  "map"};

constexpr std::pair<std::string_view, std::string_view> kSections[] = {
    {"identity", "What is found out about this host by itself."},
    {"collect", "What is sampled, and how often."},
    {"collect.host",
     "Sources of this host. Lists are globs in which * also matches /; a name is taken when an "
     "include matches and no exclude does."},
    {"collect.cgroup",
     "Containers, units and slices. A cgroup is taken when its kind is, an include matches its "
     "path and no exclude does."},
    {"collect.host.process", "One resource and some ten series for each process."},
    {"collect.kubelet",
     "Nodes, pods, containers and volumes from the kubelet of this host. Where it and its "
     "credentials are is found out for kubeadm (PXK-E), k3s, RKE2, Canonical Kubernetes, MicroK8s "
     "and nodeadm; what is written here goes first."},
    {"spool", "The queue on disk between sampling and sending."},
    {"forward",
     "Destinations. Each has its own progress through the spool; without one, samples are spooled "
     "only."},
    {"forward[].tls", "TLS of the connection to the destination."},
    {"forward[].backoff",
     "Pause after a failure, doubled each time up to max and spread at random; there is no last "
     "try."},
    {"forward[].max_age",
     "A record's age counts from when it was sampled, or received from a peer."},
    {"forward[].backlog", "What waits from earlier, sent behind fresh samples."},
    {"receive", "What a relay takes from others; an agent receives nothing."},
    {"receive.grpc", "OTLP/gRPC: what Collectors' otlp exporters send."},
    {"receive.grpc.tls", "Without a certificate the port is plaintext."},
    {"receive.grpc.auth",
     "Who may send; with neither list everybody that the network and TLS let in. Values come from "
     "files: [\"${file:/etc/edgehaul/agents.password}\"]."},
    {"receive.http", "OTLP/HTTP, protobuf and JSON, at /v1/metrics, /v1/logs and /v1/traces."},
    {"receive.http.tls", "Without a certificate the port is plaintext."},
    {"receive.http.auth", "As for gRPC."},
    {"status", "Where `edgehaul status` asks."},
};

}  // namespace

std::string_view type_name(Type type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

const std::vector<Key>& keys() {
  static const std::vector<Key> table = [] {
    std::vector<Key> rows;
    add_general_keys(rows);
    add_host_keys(rows);
    add_cgroup_keys(rows);
    add_kubelet_keys(rows);
    add_forward_keys(rows);
    add_receive_keys(rows);
    return rows;
  }();
  return table;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const Key& key : keys())
    names.push_back(key.path);
  return names;
}

const Key* find_key(std::string_view path) {
  const auto found =
      std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return key.path == path; });
  return found == keys().end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
  return !children(path).empty();
}

std::vector<std::string> children(std::string_view section) {
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    std::string_view rest = key.path;
    if (!section.empty()) {
      if (!rest.starts_with(section)) continue;
      rest.remove_prefix(section.size());
      if (rest.starts_with("[].")) {
        names.emplace_back("[]");
        continue;
      }
      if (!rest.starts_with('.')) continue;
      rest.remove_prefix(1);
    }
    names.emplace_back(rest.substr(0, rest.find_first_of(".[")));
  }
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string_view section_help(std::string_view path) {
  for (const auto& [section, help] : kSections) {
    if (section == path) return help;
  }
  return {};
}

}  // namespace edgehaul::config
