// SPDX-License-Identifier: Apache-2.0
#include "sources/host/statfs.hpp"

#include <sys/statfs.h>
#include <cerrno>
#include <map>
#include <utility>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::host {

namespace {

int live_statfs(const std::string& path, FsUsage& out) {
  struct statfs raw {};
  if (::statfs(path.c_str(), &raw) != 0) return errno;
  // f_frsize is what blocks are counted in; f_bsize is only the preferred transfer size.
  out.unit = static_cast<std::uint64_t>(raw.f_frsize > 0 ? raw.f_frsize : raw.f_bsize);
  out.blocks = raw.f_blocks;
  out.free = raw.f_bfree;
  out.available = raw.f_bavail;
  out.files = raw.f_files;
  out.files_free = raw.f_ffree;
  return 0;
}

std::map<std::string, FsUsage> parse_recorded(std::string_view body) {
  std::map<std::string, FsUsage> all;
  while (const auto line = text::next_line(body)) {
    std::string_view rest = *line;
    std::string mountpoint(text::next_field(rest));
    FsUsage usage;
    bool is_whole = true;
    for (std::uint64_t* field : {&usage.unit, &usage.blocks, &usage.free, &usage.available,
                                 &usage.files, &usage.files_free}) {
      is_whole = is_whole && text::parse_into(text::next_field(rest), *field);
    }
    if (is_whole) all.insert_or_assign(std::move(mountpoint), usage);
  }
  return all;
}

}  // namespace

Statfs make_statfs(const base::Roots& roots) {
  std::string buffer;
  if (!roots.is_live()) {
    if (const auto body = base::read_file(roots.at("/recorded/statfs"), buffer)) {
      return [all = parse_recorded(*body)](const std::string& mountpoint, FsUsage& out) {
        const auto found = all.find(mountpoint);
        if (found == all.end()) return ENOENT;
        out = found->second;
        return 0;
      };
    }
  }
  return [root = roots.root](const std::string& mountpoint, FsUsage& out) {
    return live_statfs(root + mountpoint, out);
  };
}

}  // namespace edgehaul::host
