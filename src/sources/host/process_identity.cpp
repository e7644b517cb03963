// SPDX-License-Identifier: Apache-2.0
#include "sources/host/process_identity.hpp"

#include <algorithm>

#include <linux/limits.h>

#include "base/text.hpp"
#include "sources/host/pid_stat.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kCommBytes = 15;  // TASK_COMM_LEN less the zero byte
constexpr std::size_t kMaxCommandLine = 64 * 1024;

std::string_view first_argument(std::string_view cmdline) {
  return cmdline.substr(0, cmdline.find('\0'));
}

void add_text(metric::Attributes& out, const char* key, const std::string& value) {
  if (!value.empty()) out.emplace_back(key, value);
}

}  // namespace

std::string parse_executable_name(std::string_view comm, std::string_view cmdline) {
  if (comm.size() >= kCommBytes) {
    std::string_view base = first_argument(cmdline);
    base.remove_prefix(base.rfind('/') + 1);  // npos + 1 is 0
    if (base.starts_with(comm)) return text::to_utf8(base);
  }
  return text::to_utf8(comm);
}

std::string parse_command_line(std::string_view cmdline) {
  while (!cmdline.empty() && cmdline.back() == '\0')
    cmdline.remove_suffix(1);
  std::string line(cmdline);
  std::replace(line.begin(), line.end(), '\0', ' ');
  return text::to_utf8(line);
}

std::string read_executable_name(PidDir& pids, std::uint32_t pid, std::string_view comm) {
  char buffer[PATH_MAX];
  if (comm.size() < kCommBytes) return text::to_utf8(comm);
  const auto cmdline = pids.read(pid, "cmdline", buffer);
  return parse_executable_name(comm, cmdline.value_or(""));
}

ProcessIdentity read_identity(PidDir& pids, std::uint32_t pid, std::string_view comm,
                              const Users& users, const ProcessOptions& options) {
  ProcessIdentity out;
  std::string cmdline(std::clamp<std::size_t>(options.max_command_line, 256, kMaxCommandLine),
                      '\0');
  const auto arguments = pids.read(pid, "cmdline", cmdline).value_or("");
  out.name = parse_executable_name(comm, arguments);
  out.command = text::to_utf8(first_argument(arguments));
  if (options.command_line)
    out.command_line = parse_command_line(arguments.substr(0, options.max_command_line));

  char buffer[PATH_MAX];  // longer than status
  if (const auto path = pids.read_link(pid, "exe", buffer)) out.path = text::to_utf8(*path);
  if (const auto status = pids.read(pid, "status", buffer)) {
    if (const auto uid = parse_pid_status(*status).uid) out.owner = users.name(*uid);
  }
  return out;
}

metric::Attributes process_attributes(std::uint32_t pid, std::uint32_t parent,
                                      const ProcessIdentity& identity) {
  metric::Attributes out;
  out.reserve(7);
  out.emplace_back("process.pid", std::int64_t{pid});
  out.emplace_back("process.parent_pid", std::int64_t{parent});
  add_text(out, "process.executable.name", identity.name);
  add_text(out, "process.executable.path", identity.path);
  add_text(out, "process.command", identity.command);
  add_text(out, "process.command_line", identity.command_line);
  add_text(out, "process.owner", identity.owner);
  return out;
}

}  // namespace edgehaul::host
