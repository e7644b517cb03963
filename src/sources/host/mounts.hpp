// SPDX-License-Identifier: Apache-2.0
// The mount table (proc_pid_mountinfo(5)): parsing, and choosing which mounts stand for storage of
// this host. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sources/host/device_options.hpp"
#include "sources/host/faults.hpp"

namespace edgehaul::host {

struct Mount {
  std::string device_number;  // "8:1"; anonymous for file systems without a device
  std::string root;           // what of the file system is mounted: "/" or a bind's folder
  std::string mountpoint;
  std::string type;
  std::string device;
  std::string subvolume;  // btrfs: "/@home"
  bool is_read_only = false;

  bool operator==(const Mount&) const = default;
};

// Spaces, tabs, newlines and backslashes are written as three octal digits ("\040").
std::string unescape_octal(std::string_view text);

std::vector<Mount> parse_mountinfo(std::string_view body, Faults& faults);

// Types with a device of their own, from /proc/filesystems, plus zfs which hides that it has one.
// Empty when the file could not be read: then every source below /dev counts as a device.
std::vector<std::string> parse_device_types(std::string_view body);

// The mounts to report, at most `bound` in the table's order: one per mount point (the topmost), of
// a wanted type, and no bind mounts of a file system that is seen anyway.
std::vector<Mount> select_mounts(std::vector<Mount> all,
                                 const std::vector<std::string>& device_types,
                                 const FilesystemOptions& options, std::size_t bound);

}  // namespace edgehaul::host
