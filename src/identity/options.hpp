// SPDX-License-Identifier: Apache-2.0
// What can be set for the identity. Plain data with its defaults; filled by config/ and daemon/.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgehaul::identity {

// Every detector, in the order in which they run; a later one wins.
inline constexpr std::array<std::string_view, 7> kDetectors{
    "host", "os", "hardware", "palette", "kairos", "maas", "kubernetes"};

// `identity:` of the configuration.
struct Choice {
  std::vector<std::string> detectors{kDetectors.begin(), kDetectors.end()};
  // Globs over names of detected attributes. An included one is on every sample, an excluded one
  // nowhere; what neither list names goes by the table in attributes.cpp.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
};

// What the kubelet room found out; empty: no kubelet here.
struct Kubernetes {
  std::string distribution;  // "kubeadm", "k3s", "rke2", …
  std::string node_name;
};

struct Options {
  Choice choice;
  Kubernetes kubernetes;
  // `resource:` of the configuration, in order; beats everything.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string environment_attributes;  // value of OTEL_RESOURCE_ATTRIBUTES
  std::string environment_service;     // value of OTEL_SERVICE_NAME
  std::string version;                 // service.version
};

}  // namespace edgehaul::identity
