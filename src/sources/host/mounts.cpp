// SPDX-License-Identifier: Apache-2.0
#include "sources/host/mounts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "sources/host/name_map.hpp"

namespace edgehaul::host {

namespace {

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

std::string_view next_option(std::string_view& options) {
  const std::size_t comma = options.find(',');
  const std::string_view option = options.substr(0, comma);
  options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
  return option;
}

void apply_options(std::string_view options, Mount& mount) {
  while (!options.empty()) {
    const std::string_view option = next_option(options);
    // Either the mount or the whole file system being read-only makes it so.
    if (option == "ro") mount.is_read_only = true;
    if (option.starts_with("subvol=")) mount.subvolume = unescape_octal(option.substr(7));
  }
}

std::optional<Mount> parse_line(std::string_view line) {
  Mount mount;
  text::next_field(line);  // mount id, parent id
  text::next_field(line);
  mount.device_number = text::next_field(line);
  mount.root = unescape_octal(text::next_field(line));
  mount.mountpoint = unescape_octal(text::next_field(line));
  apply_options(text::next_field(line), mount);
  for (;;) {  // optional fields, any number, ended by a lone dash
    const std::string_view field = text::next_field(line);
    if (field.empty()) return std::nullopt;
    if (field == "-") break;
  }
  mount.type = text::next_field(line);
  mount.device = unescape_octal(text::next_field(line));
  apply_options(text::next_field(line), mount);
  if (mount.type.empty() || !mount.mountpoint.starts_with('/')) return std::nullopt;
  return mount;
}

bool is_wanted_type(const Mount& mount, const std::vector<std::string>& device_types,
                    const FilesystemOptions& options) {
  if (matches_any(options.exclude_types, mount.type)) return false;
  if (matches_any(options.virtual_types, mount.type)) return true;
  if (device_types.empty()) return mount.type == "zfs" || mount.device.starts_with("/dev/");
  // "fuseblk.ntfs" is a subtype of fuseblk.
  const std::string base = mount.type.substr(0, mount.type.find('.'));
  return std::find(device_types.begin(), device_types.end(), base) != device_types.end();
}

// Which root of each file system is its main mount: "/" when that is mounted, else the first seen
// (an ostree deployment never mounts "/").
std::map<std::string, std::string> main_roots(const std::vector<Mount>& all) {
  std::map<std::string, std::string> roots;
  for (const Mount& mount : all) {
    const auto [found, is_new] = roots.try_emplace(mount.device_number, mount.root);
    if (!is_new && mount.root == "/") found->second = "/";
  }
  return roots;
}

}  // namespace

std::string unescape_octal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<Mount> parse_mountinfo(std::string_view body, Faults& faults) {
  std::vector<Mount> mounts;
  while (const auto line = text::next_line(body)) {
    if (auto mount = parse_line(*line)) {
      mounts.push_back(std::move(*mount));
    } else {
      faults.malformed("mountinfo", *line);
    }
  }
  return mounts;
}

std::vector<std::string> parse_device_types(std::string_view body) {
  std::vector<std::string> types;
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    const std::string_view first = text::next_field(rest);
    if (first.empty() || !text::next_field(rest).empty()) continue;  // "nodev  tmpfs"
    types.emplace_back(first);
  }
  if (!types.empty()) types.emplace_back("zfs");
  return types;
}

std::vector<Mount> select_mounts(std::vector<Mount> all,
                                 const std::vector<std::string>& device_types,
                                 const FilesystemOptions& options, std::size_t bound) {
  const auto roots = main_roots(all);
  std::unordered_set<std::string> seen;
  std::vector<Mount> chosen;
  // Backwards: of several mounts at one place the last one hides the others.
  for (auto mount = all.rbegin(); mount != all.rend(); ++mount) {
    if (!seen.insert(mount->mountpoint).second) continue;
    if (!is_wanted_type(*mount, device_types, options)) continue;
    if (!is_wanted(options.include_mountpoints, options.exclude_mountpoints, mount->mountpoint) ||
        !is_wanted(options.include_devices, options.exclude_devices, mount->device)) {
      continue;
    }
    // A btrfs subvolume is a file system of its own; the root of its mount is its own name.
    const bool is_subvolume = !mount->subvolume.empty() && mount->root == mount->subvolume;
    if (!is_subvolume && mount->root != roots.at(mount->device_number)) continue;
    chosen.push_back(std::move(*mount));
  }
  std::reverse(chosen.begin(), chosen.end());
  if (chosen.size() > bound) chosen.resize(bound);
  return chosen;
}

}  // namespace edgehaul::host
