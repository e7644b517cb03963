// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

namespace {

using namespace std::chrono_literals;

// The argument is a chain of members.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define EDGEHAUL_HOST(member)            \
  [](Slot s) -> auto& {                  \
    return s.config.collect.host.member; \
  }
// NOLINTEND(bugprone-macro-parentheses)

void add_switch(std::vector<Key>& rows, const std::string& source, bool& (*enabled)(Slot),
                const char* what) {
  rows.push_back(row("collect.host." + source + ".enabled", enabled, what));
}

void add_list(std::vector<Key>& rows, const std::string& path,
              std::vector<std::string>& (*list)(Slot), const char* help) {
  rows.push_back(row("collect.host." + path, list, help));
}

void add_system(std::vector<Key>& rows) {
  add_switch(rows, "cpu", EDGEHAUL_HOST(cpu.enabled), "Processor time and counts.");
  add_switch(rows, "load", EDGEHAUL_HOST(load.enabled), "Load averages.");
  rows.push_back(row("collect.host.load.per_cpu", EDGEHAUL_HOST(load.per_cpu),
                     "Divide the averages by the number of online processors."));
  add_switch(rows, "memory", EDGEHAUL_HOST(memory.enabled), "Memory by state.");
  add_switch(rows, "paging", EDGEHAUL_HOST(paging.enabled), "Swap space, paging and faults.");
  add_switch(rows, "processes", EDGEHAUL_HOST(processes.enabled), "Number of processes by state.");
  add_switch(rows, "system", EDGEHAUL_HOST(system.enabled), "Uptime.");
  add_switch(rows, "pressure", EDGEHAUL_HOST(pressure.enabled), "Pressure stall information.");
  add_switch(rows, "kernel", EDGEHAUL_HOST(kernel.enabled),
             "Context switches, interrupts, boot time, file descriptors, entropy and OOM kills.");
}

void add_process(std::vector<Key>& rows) {
  add_switch(rows, "process", EDGEHAUL_HOST(process.enabled), "Metrics of single processes.");
  add_list(rows, "process.include", EDGEHAUL_HOST(process.include),
           "Executable names that are taken.");
  add_list(rows, "process.exclude", EDGEHAUL_HOST(process.exclude),
           "Executable names that are left out.");
  rows.push_back(as(Type::count,
                    row("collect.host.process.max_processes", EDGEHAUL_HOST(process.max_processes),
                        "Processes taken at most, lowest PID first.", {1, 100'000})));
  rows.push_back(row("collect.host.process.command_line", EDGEHAUL_HOST(process.command_line),
                     "Send process.command_line, which shows what people pass as arguments."));
  rows.push_back(as(Type::count, row("collect.host.process.max_command_line",
                                     EDGEHAUL_HOST(process.max_command_line),
                                     "Bytes of a command line, the rest is cut.", {16, 65536})));
}

void add_storage(std::vector<Key>& rows) {
  add_switch(rows, "disk", EDGEHAUL_HOST(devices.disk.enabled), "Block devices.");
  add_list(rows, "disk.include", EDGEHAUL_HOST(devices.disk.include), "Devices that are taken.");
  add_list(rows, "disk.exclude", EDGEHAUL_HOST(devices.disk.exclude), "Devices left out.");
  add_switch(rows, "filesystem", EDGEHAUL_HOST(devices.filesystem.enabled),
             "Mounted file systems.");
  add_list(rows, "filesystem.include_devices", EDGEHAUL_HOST(devices.filesystem.include_devices),
           "Mount sources that are taken.");
  add_list(rows, "filesystem.exclude_devices", EDGEHAUL_HOST(devices.filesystem.exclude_devices),
           "Mount sources left out.");
  add_list(rows, "filesystem.include_mountpoints",
           EDGEHAUL_HOST(devices.filesystem.include_mountpoints), "Mount points that are taken.");
  add_list(rows, "filesystem.exclude_mountpoints",
           EDGEHAUL_HOST(devices.filesystem.exclude_mountpoints), "Mount points left out.");
  add_list(rows, "filesystem.virtual_types", EDGEHAUL_HOST(devices.filesystem.virtual_types),
           "Types without a device that are taken all the same, such as nfs4 or tmpfs.");
  add_list(rows, "filesystem.exclude_types", EDGEHAUL_HOST(devices.filesystem.exclude_types),
           "Types left out.");
  rows.push_back(row("collect.host.filesystem.deadline", EDGEHAUL_HOST(devices.filesystem.deadline),
                     "Time that one sample waits for all mounts that do not answer together.",
                     between(1ms, 10s)));
}

void add_network(std::vector<Key>& rows) {
  add_switch(rows, "network", EDGEHAUL_HOST(devices.network.enabled), "Traffic of interfaces.");
  add_list(rows, "network.include", EDGEHAUL_HOST(devices.network.include),
           "Interfaces that are taken.");
  add_list(rows, "network.exclude", EDGEHAUL_HOST(devices.network.exclude), "Interfaces left out.");
  add_switch(rows, "connections", EDGEHAUL_HOST(devices.connections.enabled),
             "TCP and UDP sockets by state.");
  rows.push_back(row("collect.host.connections.every", EDGEHAUL_HOST(devices.connections.every),
                     "Count this often, a count is slow on large hosts; the value is repeated in "
                     "between.",
                     between(1s, 24h)));
  add_switch(rows, "link", EDGEHAUL_HOST(devices.link.enabled),
             "State and speed of interfaces and bonds.");
  add_list(rows, "link.include", EDGEHAUL_HOST(devices.link.include), "Interfaces that are taken.");
  add_list(rows, "link.exclude", EDGEHAUL_HOST(devices.link.exclude), "Interfaces left out.");
  add_switch(rows, "netstat", EDGEHAUL_HOST(devices.netstat.enabled),
             "Counters of TCP, UDP and the kernel's packet queues.");
}

void add_health(std::vector<Key>& rows) {
  add_switch(rows, "sensors", EDGEHAUL_HOST(devices.sensors.enabled),
             "Temperatures, fans, voltages and power.");
  add_list(rows, "sensors.include", EDGEHAUL_HOST(devices.sensors.include),
           "Chips that are taken, such as coretemp or nvme.");
  add_list(rows, "sensors.exclude", EDGEHAUL_HOST(devices.sensors.exclude), "Chips left out.");
  rows.push_back(row("collect.host.sensors.every", EDGEHAUL_HOST(devices.sensors.every),
                     "Read this often, sensors are slow; the value is repeated in between.",
                     between(1s, 24h)));
  add_switch(rows, "time", EDGEHAUL_HOST(devices.time.enabled),
             "Whether the clock is synchronised, and how well.");
  add_switch(rows, "mdraid", EDGEHAUL_HOST(devices.mdraid.enabled), "Linux software RAID.");
  add_list(rows, "mdraid.include", EDGEHAUL_HOST(devices.mdraid.include), "Arrays that are taken.");
  add_list(rows, "mdraid.exclude", EDGEHAUL_HOST(devices.mdraid.exclude), "Arrays left out.");
  add_switch(rows, "edac", EDGEHAUL_HOST(devices.edac.enabled), "Memory errors.");
  rows.push_back(row("collect.host.edac.every", EDGEHAUL_HOST(devices.edac.every),
                     "Read this often.", between(1s, 24h)));
  add_switch(rows, "emmc", EDGEHAUL_HOST(devices.emmc.enabled), "Wear of eMMC flash.");
  rows.push_back(row("collect.host.emmc.every", EDGEHAUL_HOST(devices.emmc.every),
                     "Read this often.", between(1s, 24h)));
}

#undef EDGEHAUL_HOST

}  // namespace

void add_host_keys(std::vector<Key>& rows) {
  rows.push_back(row(
      "collect.host.enabled", [](Slot s) -> auto& { return s.config.collect.host_enabled; },
      "Sample this host at all."));
  add_system(rows);
  add_process(rows);
  add_storage(rows);
  add_network(rows);
  add_health(rows);
}

}  // namespace edgehaul::config
