// SPDX-License-Identifier: Apache-2.0
#include "sources/host/vmstat.hpp"

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

struct Entry {
  std::string_view key;
  std::optional<std::uint64_t> Vmstat::*member;
};
constexpr Entry kEntries[] = {
    {"pgpgin", &Vmstat::pgpgin},     {"pgpgout", &Vmstat::pgpgout},
    {"pswpin", &Vmstat::pswpin},     {"pswpout", &Vmstat::pswpout},
    {"pgfault", &Vmstat::pgfault},   {"pgmajfault", &Vmstat::pgmajfault},
    {"oom_kill", &Vmstat::oom_kill},
};

}  // namespace

void parse_vmstat(std::string_view body, Vmstat& out) {
  out.faults.clear();
  for (const Entry& entry : kEntries)
    (out.*entry.member).reset();
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    const std::string_view key = text::next_field(rest);
    for (const Entry& entry : kEntries) {
      if (entry.key != key) continue;
      out.*entry.member = text::parse_u64(text::next_field(rest));
      if (!(out.*entry.member)) out.faults.malformed("vmstat", *line);
      break;
    }
  }
}

}  // namespace edgehaul::host
