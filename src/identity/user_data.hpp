// SPDX-License-Identifier: Apache-2.0
// What Palette's user-data says of this host: the few keys of a strict allow-list. The files hold
// registration tokens and passwords too; those are walked over in SecretFile's memory and never
// copied. Inside the room only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/roots.hpp"
#include "identity/draft.hpp"

namespace edgehaul::identity {

struct UidPath {
  std::string name;   // absolute path of a file that holds the id
  std::string regex;  // the part of it to take; empty: all
};

struct TagsFile {
  std::string name;  // absolute path; empty: none
  std::string delimiter = "\n";
  std::string separator = ":";
};

inline constexpr std::size_t kMaxTags = 32;
inline constexpr std::size_t kMaxUidPaths = 16;

struct UserData {
  bool has_stylus = false;  // some file has a `stylus:` block
  bool is_hidden = false;   // some file is there and could not be read
  std::string management_mode;
  std::string path;  // stylus.path
  std::string name;
  std::string prefix;
  std::string project_name;
  std::string project_uid;
  std::string cluster_id;
  std::string cluster_name;
  std::vector<UidPath> uid_paths;
  std::vector<std::pair<std::string, std::string>> tags;
  TagsFile tags_file;
};

// Takes over what `text` says; later texts beat earlier ones key by key. Notes name `origin` and
// keys, never values.
void read_user_data(std::string_view text, const std::string& origin, UserData& data, Draft& draft);

// The user-data files of this host, the weakest first.
std::vector<std::string> user_data_files(const base::Roots& roots, Draft& draft);

UserData load_user_data(const base::Roots& roots, Draft& draft);

}  // namespace edgehaul::identity
