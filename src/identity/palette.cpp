// SPDX-License-Identifier: Apache-2.0
#include "identity/palette.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "identity/device_uid.hpp"
#include "identity/os.hpp"
#include "identity/secret_file.hpp"
#include "identity/user_data.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kOrigin = "palette";
constexpr std::string_view kTag = "palette.site.tag.";
constexpr const char* kEnvironment = "/etc/spectro/environment";
constexpr const char* kMarker = "/opt/spectrocloud/state/agent-mode";
constexpr std::size_t kMaxFile = std::size_t{64} * 1024;

bool exists(const base::Roots& roots, const std::string& path) {
  return ::access(roots.at(path).c_str(), F_OK) == 0;
}

// STYLUS_ROOT of the agent's environment file, which agent mode has.
std::string stylus_root(const base::Roots& roots) {
  const auto file = SecretFile::read(roots.at(kEnvironment), kMaxFile);
  if (!file) return {};
  std::string_view rest = file->text();
  while (auto line = text::next_line(rest)) {
    std::string_view entry = text::trim(*line);
    if (entry.starts_with("export ")) entry = text::trim(entry.substr(7));
    if (entry.starts_with("STYLUS_ROOT=")) return unquoted(entry.substr(12));
  }
  return {};
}

bool is_agent_mode(const base::Roots& roots, const UserData& data) {
  std::string root = stylus_root(roots);
  if (root.empty()) root = data.path;
  while (root.ends_with('/'))
    root.pop_back();
  return exists(roots, root + kMarker);
}

void add_file_tags(const base::Roots& roots, const TagsFile& from, Draft& draft) {
  if (from.name.empty() || from.delimiter.empty() || from.separator.empty()) return;
  const auto file = SecretFile::read(roots.at(from.name), kMaxFile);
  if (!file) return draft.note("palette: tagsFromFile: " + text::to_utf8(file.error().message));
  std::string_view rest = file->text();
  for (std::size_t left = kMaxTags; left > 0 && !rest.empty();) {
    const std::size_t end = std::min(rest.find(from.delimiter), rest.size());
    const std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(std::min(end + from.delimiter.size(), rest.size()));
    const std::size_t at = entry.find(from.separator);
    if (at == std::string_view::npos) continue;
    const std::string_view key = text::trim(entry.substr(0, at));
    if (key.empty()) continue;
    draft.set(kOrigin, fmt::format("{}{}", kTag, text::to_utf8(key)),
              text::trim(entry.substr(at + from.separator.size())));
    --left;
  }
}

}  // namespace

void detect_palette(const base::Roots& roots, Draft& draft) {
  const UserData data = load_user_data(roots, draft);
  if (!data.has_stylus && !exists(roots, "/opt/spectrocloud") && !exists(roots, kEnvironment)) {
    return;
  }
  // A guess from half of the files would give the host two names in its lifetime.
  if (!data.is_hidden) {
    draft.set(kOrigin, "palette.edge_host.id", edge_host_id(roots, data, draft));
  }
  draft.set(kOrigin, "k8s.cluster.name", data.cluster_name);
  draft.set(kOrigin, "palette.cluster.uid", data.cluster_id);
  draft.set(kOrigin, "palette.project.name", data.project_name);
  draft.set(kOrigin, "palette.project.uid", data.project_uid);
  draft.set(kOrigin, "palette.management_mode",
            data.management_mode.empty() && !data.is_hidden ? "central" : data.management_mode);
  draft.set(kOrigin, "palette.host_mode", is_agent_mode(roots, data) ? "agent" : "appliance");
  add_file_tags(roots, data.tags_file, draft);
  for (const auto& [key, value] : data.tags)
    draft.set(kOrigin, fmt::format("{}{}", kTag, text::to_utf8(key)), value);
}

}  // namespace edgehaul::identity
