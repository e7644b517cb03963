// SPDX-License-Identifier: Apache-2.0
#include "identity/host.hpp"

#include <sys/utsname.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kOrigin = "host";

std::string line_of(const std::string& path) {
  return base::read_line(path).value_or("");
}

void detect_name(const base::Roots& roots, const utsname* kernel, Draft& draft) {
  std::string name = kernel != nullptr ? kernel->nodename : "";
  if (name.empty()) name = line_of(roots.in_proc("sys/kernel/hostname"));
  // What the kernel says before anybody set a name.
  if (name.empty() || name == "(none)") name = line_of(roots.at("/etc/hostname"));
  if (name.empty() || name == "(none)") return draft.note("host.name: this host has no name");
  if (name == "localhost" || name.starts_with("localhost.")) {
    draft.note("host.name: \"" + name + "\" does not tell this host from others");
  }
  draft.set(kOrigin, "host.name", name);
}

void detect_id(const base::Roots& roots, Draft& draft) {
  std::string seen;
  for (const char* path : {"/etc/machine-id", "/var/lib/dbus/machine-id"}) {
    const std::string id = text::lower(line_of(roots.at(path)));
    if (is_machine_id(id)) return draft.set(kOrigin, "host.id", id);
    if (!id.empty()) seen = path;
  }
  if (seen.empty()) return draft.note("host.id: there is no machine-id");
  draft.note("host.id: " + seen + " holds no machine-id");
}

void detect_arch(const base::Roots& roots, const utsname* kernel, Draft& draft) {
  // Since Linux 6.1; recorded machines have it where their kernel had.
  const std::string machine =
      kernel != nullptr ? kernel->machine : line_of(roots.in_proc("sys/kernel/arch"));
  draft.set(kOrigin, "host.arch", conventional_arch(machine));
}

}  // namespace

std::string_view conventional_arch(std::string_view machine) {
  struct Row {
    std::string_view machine;
    std::string_view arch;
  };
  constexpr Row kRows[] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"arm64", "arm64"},
                           {"i386", "x86"},     {"i486", "x86"},      {"i586", "x86"},
                           {"i686", "x86"},     {"ppc", "ppc32"},     {"ppc64le", "ppc64"}};
  for (const Row& row : kRows) {
    if (row.machine == machine) return row.arch;
  }
  return machine.starts_with("arm") ? "arm32" : machine;
}

bool is_machine_id(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return text.size() == 32 && text.find_first_not_of(kDigits) == std::string_view::npos &&
         text.find_first_not_of('0') != std::string_view::npos;
}

void detect_host(const base::Roots& roots, Draft& draft) {
  utsname kernel{};
  const utsname* live = roots.is_live() && ::uname(&kernel) == 0 ? &kernel : nullptr;
  detect_name(roots, live, draft);
  detect_id(roots, draft);
  detect_arch(roots, live, draft);
}

}  // namespace edgehaul::identity
