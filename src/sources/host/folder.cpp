// SPDX-License-Identifier: Apache-2.0
#include "sources/host/folder.hpp"

#include <dirent.h>
#include <unistd.h>
#include <algorithm>
#include <climits>
#include <memory>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::host {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::vector<std::string> list_folder(const std::string& path, std::string_view prefix,
                                     std::size_t bound) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) return names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.') || !name.starts_with(prefix)) continue;
    if (names.size() >= bound) break;
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string link_base(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  if (length <= 0) return {};
  const std::string_view whole(target, static_cast<std::size_t>(length));
  const std::size_t slash = whole.rfind('/');
  return text::to_utf8(slash == std::string_view::npos ? whole : whole.substr(slash + 1));
}

std::optional<std::uint64_t> read_u64(const std::string& path) {
  const auto line = base::read_line(path);
  return line ? text::parse_u64(*line) : std::nullopt;
}

std::optional<std::int64_t> read_i64(const std::string& path) {
  const auto line = base::read_line(path);
  return line ? text::parse_i64(*line) : std::nullopt;
}

std::string read_text(const std::string& path) {
  constexpr std::size_t kLongest = 256;
  const auto line = base::read_line(path);
  return line ? text::to_utf8(std::string_view(*line).substr(0, kLongest)) : std::string();
}

}  // namespace edgehaul::host
