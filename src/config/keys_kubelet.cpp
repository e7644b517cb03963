// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

namespace {

using namespace std::chrono_literals;

const std::string kSection = "collect.kubelet.";

void add_enabled(std::vector<Key>& rows) {
  rows.push_back(
      {kSection + "enabled",
       Type::choice,
       Choice{{"auto", "true", "false"},
              [](Slot s, std::size_t i) {
                s.config.collect.kubelet.enabled = static_cast<kubelet::Enabled>(i);
              },
              [](Slot s) { return static_cast<std::size_t>(s.config.collect.kubelet.enabled); }},
       {},
       "auto asks a kubelet where this host has one; true also reports it when there is none."});
}

void add_access(std::vector<Key>& rows) {
  rows.push_back(as(Type::url, row(
                                   kSection + "endpoint", [](Slot s) -> auto& {
                                     return s.config.collect.kubelet.endpoint;
                                   },
                                   "Where the kubelet listens, https://127.0.0.1:10250 unless "
                                   "written; http:// for its read-only port, which gets no "
                                   "credentials.")));
  rows.push_back(row(
      kSection + "node_name", [](Slot s) -> auto& { return s.config.collect.kubelet.node_name; },
      "Name to verify the kubelet's certificate against, instead of the node's detected name and "
      "the endpoint's host."));
  const auto path = [&](const char* name, std::string& (*target)(Slot), const char* help) {
    rows.push_back(as(Type::path, row(kSection + name, target, help)));
  };
  path(
      "token_file", [](Slot s) -> auto& { return s.config.collect.kubelet.token_file; },
      "File with a bearer token; /etc/edgehaul/kubelet.token is found by itself. All credentials "
      "are read anew for each request.");
  path(
      "cert_file", [](Slot s) -> auto& { return s.config.collect.kubelet.cert_file; },
      "PEM file of a client certificate.");
  path(
      "key_file", [](Slot s) -> auto& { return s.config.collect.kubelet.key_file; },
      "PEM file of its key, when it is not in cert_file as well.");
  path(
      "kubeconfig", [](Slot s) -> auto& { return s.config.collect.kubelet.kubeconfig; },
      "kubeconfig whose current user's certificate or token is taken; the kubelet itself is asked, "
      "not the API server.");
  path(
      "ca_file", [](Slot s) -> auto& { return s.config.collect.kubelet.ca_file; },
      "PEM file of the authorities that may have signed the kubelet's certificate, or that "
      "certificate itself.");
  rows.push_back(row(
      kSection + "insecure_skip_verify",
      [](Slot s) -> auto& { return s.config.collect.kubelet.insecure_skip_verify; },
      "Do not verify the kubelet's certificate: whoever takes its port gets the credentials."));
}

}  // namespace

void add_kubelet_keys(std::vector<Key>& rows) {
  add_enabled(rows);
  add_access(rows);
  rows.push_back(row(
      kSection + "timeout", [](Slot s) -> auto& { return s.config.collect.kubelet.timeout; },
      "Time for one request.", between(100ms, 60s)));
  rows.push_back(
      row(kSection + "max_size", [](Slot s) -> auto& { return s.config.collect.kubelet.max_size; },
          "Bytes of one answer; a larger one is not read.", {64ULL << 10, 256ULL << 20}));
  const auto group = [&](const char* name, bool& (*target)(Slot), const char* help) {
    rows.push_back(row(kSection + name, target, help));
  };
  group(
      "node", [](Slot s) -> auto& { return s.config.collect.kubelet.node; },
      "Metrics of the node as a whole.");
  group(
      "pods", [](Slot s) -> auto& { return s.config.collect.kubelet.pods; }, "Metrics of pods.");
  group(
      "containers", [](Slot s) -> auto& { return s.config.collect.kubelet.containers; },
      "Metrics of containers; those that cgroups have as well are sent once.");
  group(
      "volumes", [](Slot s) -> auto& { return s.config.collect.kubelet.volumes; },
      "Metrics of volumes.");
}

}  // namespace edgehaul::config
