// SPDX-License-Identifier: Apache-2.0
// Names of pods and containers from the folders that the kubelet makes for their logs, which need
// no permission of the API server. Listed when they change. Collect thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/roots.hpp"
#include "metric/workloads.hpp"

namespace edgehaul::cgroup {

// "NAMESPACE_POD_UID", a folder of /var/log/pods.
std::optional<metric::PodNames> parse_pod_folder(std::string_view name);
// "POD_NAMESPACE_CONTAINER-ID.log", a link of /var/log/containers.
std::optional<metric::ContainerNames> parse_container_log(std::string_view name);

class LogFolders {
 public:
  LogFolders(const base::Roots& roots, std::shared_ptr<metric::Workloads> workloads);
  void refresh();

 private:
  std::string pods_;
  std::string containers_;
  std::shared_ptr<metric::Workloads> workloads_;
  std::int64_t pods_changed_ = -1;  // modification times; -1: not read yet
  std::int64_t containers_changed_ = -1;
  std::uint32_t tick_ = 0;
};

}  // namespace edgehaul::cgroup
