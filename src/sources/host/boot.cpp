// SPDX-License-Identifier: Apache-2.0
#include "sources/host/boot.hpp"

#include "base/fd.hpp"
#include "sources/host/proc_stat.hpp"

namespace edgehaul::host {

base::UnixNanos boot_time(const base::Roots& roots, const base::Clock& clock) {
  constexpr std::uint64_t kNanos = 1'000'000'000;
  if (!roots.is_live()) {
    std::string buffer;
    ProcStat stat;
    if (const auto body = base::read_file(roots.in_proc("stat"), buffer)) parse_stat(*body, stat);
    if (stat.boot_time && *stat.boot_time < static_cast<std::uint64_t>(INT64_MAX) / kNanos)
      return static_cast<base::UnixNanos>(*stat.boot_time * kNanos);
  }
  return clock.wall() - clock.since_boot().count();
}

Result<std::string> boot_id(const base::Roots& roots) {
  auto id = base::read_line(roots.in_proc("sys/kernel/random/boot_id"));
  if (!id) return pass(std::move(id.error()));
  constexpr std::size_t kLongest = 64;
  if (id->empty() || id->size() > kLongest) return fail(Errc::malformed, "boot_id: not an id");
  return id;
}

}  // namespace edgehaul::host
