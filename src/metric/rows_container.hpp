// SPDX-License-Identifier: Apache-2.0
// Catalogue rows: what both the kubelet and the cgroup files know of a container. Names, units and
// kinds are those of the collector's kubeletstats receiver (semantic conventions since made the
// memory metrics up-down counters). One point per container and tick: see workloads.hpp.
#pragma once

#include "metric/def.hpp"

namespace edgehaul::metric {

inline constexpr auto kContainerRows = std::to_array<Def>({
    {"container.cpu.time", "s", "CPU time that the container has used.", Kind::counter,
     Number::real, true, "container", "",
     "kubelet cpu.usageCoreNanoSeconds; cgroup cpu.stat usage_usec, v1 cpuacct.usage"},
    {"container.cpu.usage", "{cpu}", "CPUs that the container uses.", Kind::gauge, Number::real,
     true, "container", "", "kubelet cpu.usageNanoCores; cgroup: CPU time since the last sample"},
    {"container.memory.available", "By", "Memory left below the container's limit.", Kind::gauge,
     Number::integer, true, "container", "",
     "kubelet memory.availableBytes; cgroup: limit less working set, absent without a limit"},
    {"container.memory.usage", "By", "Memory that the container uses, page cache included.",
     Kind::gauge, Number::integer, true, "container", "",
     "kubelet memory.usageBytes; cgroup memory.current, v1 memory.usage_in_bytes"},
    {"container.memory.working_set", "By",
     "Memory that the container uses less page cache that is not active.", Kind::gauge,
     Number::integer, true, "container", "",
     "kubelet memory.workingSetBytes; cgroup memory.current less inactive_file"},
    {"container.memory.rss", "By", "Anonymous memory of the container.", Kind::gauge,
     Number::integer, true, "container", "",
     "kubelet memory.rssBytes; cgroup memory.stat anon, v1 total_rss"},
    {"container.uptime", "s", "Time since the container started.", Kind::counter, Number::integer,
     false, "container", "",
     "kubelet startTime; cgroup: age of the directory or its first process"},
});

}  // namespace edgehaul::metric
