// SPDX-License-Identifier: Apache-2.0
// What a cgroup is, told by its directory's name and its parent: the drivers "systemd" and
// "cgroupfs" of the kubelet, container runtimes with and without Kubernetes, systemd's units. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edgehaul::cgroup {

enum class Kind : std::uint8_t {
  root,
  slice,      // *.slice, kubepods and its QoS classes
  unit,       // *.service, *.scope and other units of systemd
  pod,        // of Kubernetes
  container,  // what is below it belongs to it
  inner,      // below a unit and nothing of its own
  helper,     // conmon's scope beside a container: no workload
  other,
};

enum class Qos : std::uint8_t { none, guaranteed, burstable, besteffort };
std::string_view qos_name(Qos qos);  // "burstable"; empty for none

struct Name {
  Kind kind = Kind::other;
  Qos qos = Qos::none;  // of everything below kubepods
  bool is_kubepods = false;
  std::string pod_uid;       // with dashes, or the 32 hex digits of a static pod
  std::string container_id;  // 64 hex digits
  std::string_view runtime;  // "containerd", "cri-o", "docker", "podman"; empty when not known
};

// `component` is the directory's own name. Never looks at the root: kubepods may be nested
// anywhere.
Name classify(const Name& parent, std::string_view component);

}  // namespace edgehaul::cgroup
