// SPDX-License-Identifier: Apache-2.0
#include "identity/os.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kOrigin = "os-release";
constexpr std::size_t kMaxFile = std::size_t{64} * 1024;

struct Release {
  std::string id;
  std::string name;
  std::string version;
  std::string pretty;
  std::string build;
};

Release parse_release(std::string_view body) {
  Release release;
  while (auto line = text::next_line(body)) {
    const auto parts = text::split_once(text::trim(*line), '=');
    if (!parts) continue;
    if (parts->head == "ID") release.id = unquoted(parts->tail);
    if (parts->head == "NAME") release.name = unquoted(parts->tail);
    if (parts->head == "VERSION_ID") release.version = unquoted(parts->tail);
    if (parts->head == "BUILD_ID") release.build = unquoted(parts->tail);
    if (parts->head == "PRETTY_NAME") release.pretty = unquoted(parts->tail);
  }
  return release;
}

Release read_release(const base::Roots& roots, Draft& draft) {
  std::string buffer;
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const auto body = base::read_file(roots.at(path), buffer, kMaxFile);
    if (body) return parse_release(*body);
    if (body.error().code != Errc::absent) draft.note("os: " + body.error().message);
  }
  return {};
}

}  // namespace

std::string unquoted(std::string_view value) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < value.size()) {
      // Inside double quotes a backslash quotes only what would be special there.
      const char next = value[i + 1];
      const bool is_special = next == '"' || next == '\\' || next == '$' || next == '`';
      if (quote == 0 || is_special) ++i;
      out += value[i];
    } else {
      out += c;
    }
  }
  return out;
}

void detect_os(const base::Roots& roots, Draft& draft) {
  const Release release = read_release(roots, draft);
  const std::string kernel = base::read_line(roots.in_proc("sys/kernel/osrelease")).value_or("");
  draft.set(kOrigin, "os.type", "linux");
  draft.set(kOrigin, "os.name", release.name.empty() ? release.id : release.name);
  draft.set(kOrigin, "os.version", release.version);
  std::string description = release.pretty;
  if (description.empty() && !release.name.empty()) {
    description = text::trim(release.name + " " + release.version);
  }
  if (!kernel.empty()) {
    description += description.empty() ? "Linux " + kernel : " (Linux " + kernel + ")";
  }
  draft.set(kOrigin, "os.description", description);
  draft.set(kOrigin, "os.build_id", release.build);
}

}  // namespace edgehaul::identity
