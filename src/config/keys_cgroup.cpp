// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

void add_cgroup_keys(std::vector<Key>& rows) {
  const auto add = [&](const char* name, auto field, const char* help, Limits limits = {}) {
    rows.push_back(row(std::string("collect.cgroup.") + name, field, help, limits));
  };
  add(
      "enabled", [](Slot s) -> auto& { return s.config.collect.cgroup.enabled; },
      "Sample cgroups at all.");
  add(
      "containers", [](Slot s) -> auto& { return s.config.collect.cgroup.containers; },
      "Containers of Kubernetes, Docker, Podman and others.");
  add(
      "units", [](Slot s) -> auto& { return s.config.collect.cgroup.units; },
      "Services and scopes of systemd.");
  add(
      "slices", [](Slot s) -> auto& { return s.config.collect.cgroup.slices; },
      "Slices of systemd, kubepods and its classes.");
  add(
      "pods", [](Slot s) -> auto& { return s.config.collect.cgroup.pods; },
      "Pods of Kubernetes as a whole.");
  add(
      "others", [](Slot s) -> auto& { return s.config.collect.cgroup.others; },
      "Cgroups that are none of these.");
  add(
      "include", [](Slot s) -> auto& { return s.config.collect.cgroup.include; },
      "Paths below the cgroup root that are taken, such as /system.slice/*.");
  add(
      "exclude", [](Slot s) -> auto& { return s.config.collect.cgroup.exclude; },
      "Paths left out.");
  add(
      "exclude_devices", [](Slot s) -> auto& { return s.config.collect.cgroup.exclude_devices; },
      "Block devices whose I/O is left out.");
  rows.push_back(as(Type::count,
                    row("collect.cgroup.max_cgroups",
                        [](Slot s) -> auto& { return s.config.collect.cgroup.max_cgroups; },
                        "Cgroups reported at most, containers first; all further ones together are "
                        "reported as one with the path other.",
                        {1, 20'000})));
  rows.push_back(as(
      Type::count,
      row("collect.cgroup.max_descriptors",
          [](Slot s) -> auto& { return s.config.collect.cgroup.max_descriptors; },
          "Files kept open at most, and never more than half of LimitNOFILE: fewer cost more CPU, "
          "each costs some 5 KiB of kernel memory.",
          {0, 100'000})));
}

}  // namespace edgehaul::config
