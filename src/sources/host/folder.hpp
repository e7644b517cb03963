// SPDX-License-Identifier: Apache-2.0
// Listing folders of sysfs, reading their one-value files and following their links. Touches the
// system; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgehaul::host {

inline constexpr std::size_t kMaxFolderEntries = 4096;

// Names in a folder that start with `prefix`, sorted, without dot files; at most `bound`. Empty
// when there is no such folder.
std::vector<std::string> list_folder(const std::string& path, std::string_view prefix = {},
                                     std::size_t bound = kMaxFolderEntries);

bool exists(const std::string& path);

// The last part of what a link points to; empty when it is none.
std::string link_base(const std::string& path);

// A file that holds one number; nullopt when it is absent, unreadable (sensors answer EAGAIN, links
// that are down EINVAL) or holds anything else.
std::optional<std::uint64_t> read_u64(const std::string& path);
std::optional<std::int64_t> read_i64(const std::string& path);

// A file that holds one word or label, as valid UTF-8; empty when it cannot be read.
std::string read_text(const std::string& path);

}  // namespace edgehaul::host
