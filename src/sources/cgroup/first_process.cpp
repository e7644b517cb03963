// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/first_process.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::cgroup {

namespace {

constexpr std::size_t kSmall = std::size_t{64} * 1024;

std::optional<FirstProcess> read_process(const base::Roots& roots, std::uint32_t pid) {
  std::string buffer;
  const auto stat = base::read_file(roots.in_proc(fmt::format("{}/stat", pid)), buffer, kSmall);
  return stat ? parse_process(*stat) : std::nullopt;
}

}  // namespace

std::optional<FirstProcess> parse_process(std::string_view stat) {
  // A command may hold brackets and blanks itself.
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  FirstProcess out;
  out.comm = stat.substr(open + 1, close - open - 1);
  const std::string_view rest = stat.substr(close + 1);
  // Counted from 1 the parent is field 4, the start 22; `rest` begins with field 3.
  if (!text::parse_into(text::nth_field(rest, 1), out.parent) ||
      !text::parse_into(text::nth_field(rest, 19), out.start_ticks))
    return std::nullopt;
  return out;
}

std::optional<FirstProcess> first_process(const Tree& tree, const Node& node,
                                          const base::Roots& roots) {
  const auto file = tree.open(node, "cgroup.procs");
  if (!file) return std::nullopt;
  char buffer[64];
  const ssize_t got = ::pread(file->get(), buffer, sizeof buffer, 0);
  if (got <= 0) return std::nullopt;
  std::string_view body(buffer, static_cast<std::size_t>(got));
  std::uint32_t pid = 0;
  // 0 stands for a process of another PID namespace.
  if (!text::parse_into(text::next_line(body).value_or(""), pid) || pid == 0) return std::nullopt;
  auto process = read_process(roots, pid);
  if (process) process->is_only = body.empty();
  return process;
}

bool is_sandbox(const FirstProcess& process) {
  return process.is_only && process.comm == "pause";
}

bool is_starting(const FirstProcess& process) {
  return process.comm.starts_with("runc") || process.comm == "crun";
}

std::string_view find_runtime(const std::optional<FirstProcess>& process,
                              std::string_view container_id, const base::Roots& roots) {
  const std::string docker = roots.at("/var/lib/docker/containers/") + std::string(container_id);
  if (::access(docker.c_str(), F_OK) == 0) return "docker";
  if (!process) return {};
  const auto parent = read_process(roots, process->parent);
  if (!parent) return {};
  if (parent->comm.starts_with("containerd-shim")) return "containerd";
  return parent->comm == "conmon" ? "cri-o" : "";
}

std::int64_t start_after_boot(const FirstProcess& process) {
  constexpr std::uint64_t kNanos = 1'000'000'000;
  constexpr std::uint64_t kCentury = 3'200'000'000;  // seconds
  static const auto hz = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::uint64_t seconds = process.start_ticks / hz;
  if (seconds > kCentury) return INT64_MAX / 4;
  return static_cast<std::int64_t>(seconds * kNanos + process.start_ticks % hz * kNanos / hz);
}

}  // namespace edgehaul::cgroup
