// SPDX-License-Identifier: Apache-2.0
// What can be set for the host's sources. Plain data with its defaults; filled by config/, read
// when the sources are made.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sources/host/device_options.hpp"

namespace edgehaul::host {

struct CpuOptions {
  bool enabled = true;
};

struct LoadOptions {
  bool enabled = true;
  bool per_cpu = false;  // divide the averages by the number of online CPUs
};

struct MemoryOptions {
  bool enabled = true;
};

struct PagingOptions {
  bool enabled = true;
};

struct ProcessesOptions {
  bool enabled = true;
};

// One resource and some ten series for each process: off unless asked for.
struct ProcessOptions {
  bool enabled = false;
  std::vector<std::string> include = {"*"};  // globs over process.executable.name
  std::vector<std::string> exclude;
  std::size_t max_processes = 1000;  // lowest PIDs first; how many were left out is reported
  bool command_line = true;          // process.command_line may show what people pass as arguments
  std::size_t max_command_line = 1024;
};

struct SystemOptions {
  bool enabled = true;
};

struct PressureOptions {
  bool enabled = true;
};

struct KernelOptions {
  bool enabled = true;
};

struct Options {
  CpuOptions cpu;
  LoadOptions load;
  MemoryOptions memory;
  PagingOptions paging;
  ProcessesOptions processes;
  ProcessOptions process;
  SystemOptions system;
  PressureOptions pressure;
  KernelOptions kernel;
  DeviceOptions devices;
};

}  // namespace edgehaul::host
