// SPDX-License-Identifier: Apache-2.0
// Who a process is: the attributes of its resource. Read when a process is first seen and when its
// name changes, not at every tick. Collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metric/value.hpp"
#include "sources/host/options.hpp"
#include "sources/host/pid_dir.hpp"
#include "sources/host/users.hpp"

namespace edgehaul::host {

// Empty text: not known, not sent.
struct ProcessIdentity {
  std::string name;
  std::string path;
  std::string command;
  std::string command_line;
  std::string owner;
};

// The kernel cuts comm to 15 bytes; then the base name of argv[0] is taken if it continues comm.
std::string parse_executable_name(std::string_view comm, std::string_view cmdline);
// argv, which is separated by zero bytes, as one line.
std::string parse_command_line(std::string_view cmdline);

std::string read_executable_name(PidDir& pids, std::uint32_t pid, std::string_view comm);
ProcessIdentity read_identity(PidDir& pids, std::uint32_t pid, std::string_view comm,
                              const Users& users, const ProcessOptions& options);

metric::Attributes process_attributes(std::uint32_t pid, std::uint32_t parent,
                                      const ProcessIdentity& identity);

}  // namespace edgehaul::host
