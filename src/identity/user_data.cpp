// SPDX-License-Identifier: Apache-2.0
#include "identity/user_data.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include <dirent.h>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "identity/block_yaml.hpp"
#include "identity/secret_file.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;
constexpr std::size_t kMaxFiles = 32;
constexpr std::size_t kMaxEntries = 1024;  // of /oem
constexpr std::string_view kOem = "/oem";
// Agent mode keeps its user-data here; the copy under /run is what the agent itself uses.
constexpr std::array<const char*, 3> kFiles{"/oem/userdata", "/var/lib/spectro/userdata",
                                            "/run/stylus/userdata"};

struct Row {
  std::string_view key;
  std::string UserData::*target;
};

// The allow-list, with tags, tagsFromFile and deviceUIDPaths below.
constexpr Row kStylus[] = {{"managementMode", &UserData::management_mode},
                           {"path", &UserData::path}};
constexpr Row kSite[] = {{"name", &UserData::name},
                         {"prefix", &UserData::prefix},
                         {"projectName", &UserData::project_name},
                         {"projectUid", &UserData::project_uid},
                         {"clusterId", &UserData::cluster_id},
                         {"clusterName", &UserData::cluster_name}};

class Reader {
 public:
  Reader(std::string origin, UserData& data, Draft& draft)
      : origin_(std::move(origin)), data_(data), draft_(draft) {}

  void operator()(YamlPath path, const YamlScalar& scalar) {
    if (path.empty() || path[0] != "stylus") return;
    data_.has_stylus = true;
    if (path.size() == 2) return take(kStylus, path, scalar);
    if (path.size() < 3 || path[1] != "site") return;
    if (path.size() == 3 && !is_collection(path[2])) return take(kSite, path, scalar);
    if (path[2] == "tags") return tag(path, scalar);
    if (path[2] == "tagsFromFile") return tags_file(path, scalar);
    if (path[2] == "deviceUIDPaths") return uid_path(path, scalar);
  }

 private:
  static bool is_collection(std::string_view key) {
    return key == "tags" || key == "tagsFromFile" || key == "deviceUIDPaths";
  }

  template <std::size_t Size>
  void take(const Row (&rows)[Size], YamlPath path, const YamlScalar& scalar) {
    for (const Row& row : rows) {
      if (row.key == path.back()) take_text(path, scalar, data_.*row.target);
    }
  }

  bool take_text(YamlPath path, const YamlScalar& scalar, std::string& target) {
    // Longer than any value may be: not worth a copy.
    if (scalar.raw.size() > 4 * kMaxValue) return note(path);
    auto text = scalar.text();
    if (!text) return note(path);
    target = std::move(*text);
    return true;
  }

  bool note(YamlPath path) {
    std::string words;
    for (const std::string_view key : path)
      words += (words.empty() ? "" : ".") + text::to_utf8(key.substr(0, 64));
    draft_.note(
        fmt::format("{}: {} is not a plain value in one line and is left out; set the "
                    "attribute under resource: instead",
                    origin_, words));
    return false;
  }

  void tag(YamlPath path, const YamlScalar& scalar) {
    std::string value;
    if (path.size() == 3) {
      // `tags:` with nothing behind it shows no scalar: this is a flow mapping or an alias.
      note(path);
    } else if (path.size() == 4 && take_text(path, scalar, value)) {
      set_tag(path[3], std::move(value));
    }
  }

  void set_tag(std::string_view key, std::string value) {
    const auto known = std::find_if(data_.tags.begin(), data_.tags.end(),
                                    [key](const auto& tag) { return tag.first == key; });
    if (known != data_.tags.end()) {
      known->second = std::move(value);
    } else if (data_.tags.size() < kMaxTags) {
      data_.tags.emplace_back(key, std::move(value));
    } else if (!is_full_) {
      is_full_ = true;
      draft_.note(fmt::format("{}: more than {} tags, the rest is left out", origin_, kMaxTags));
    }
  }

  void tags_file(YamlPath path, const YamlScalar& scalar) {
    if (path.size() != 4) return;
    TagsFile& file = data_.tags_file;
    if (path[3] == "fileName") take_text(path, scalar, file.name);
    // "\n" is what text() leaves alone, and the default.
    if (path[3] == "delimiter" && scalar.raw != "\"\\n\"") take_text(path, scalar, file.delimiter);
    if (path[3] == "separator") take_text(path, scalar, file.separator);
  }

  // Both keys of one entry stand together; a list replaces that of an earlier file.
  void uid_path(YamlPath path, const YamlScalar& scalar) {
    if (path.size() != 5 || path[3] != kEntry) return;
    if (entry_ == 0) data_.uid_paths.clear();
    if (scalar.entry != entry_) {
      if (data_.uid_paths.size() == kMaxUidPaths) return;
      data_.uid_paths.emplace_back();
    }
    entry_ = scalar.entry;
    if (path[4] == "name") take_text(path, scalar, data_.uid_paths.back().name);
    if (path[4] == "regex") take_text(path, scalar, data_.uid_paths.back().regex);
  }

  std::string origin_;
  UserData& data_;
  Draft& draft_;
  int entry_ = 0;
  bool is_full_ = false;
};

bool is_cloud_config(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with("_userdata");
}

}  // namespace

void read_user_data(std::string_view text, const std::string& origin, UserData& data,
                    Draft& draft) {
  Reader reader(origin, data, draft);
  walk_block_yaml(text,
                  [&reader](YamlPath path, const YamlScalar& scalar) { reader(path, scalar); });
}

std::vector<std::string> user_data_files(const base::Roots& roots, Draft& draft) {
  std::vector<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> oem(::opendir(roots.at(kOem).c_str()), ::closedir);
  if (!oem && errno != ENOENT && errno != ENOTDIR) {
    draft.note("palette: " + base::system_error("open /oem", errno).message);
  }
  std::size_t left = kMaxEntries;
  while (const dirent* entry = oem && left-- > 0 ? ::readdir(oem.get()) : nullptr) {
    if (is_cloud_config(entry->d_name)) files.push_back(fmt::format("{}/{}", kOem, entry->d_name));
  }
  std::sort(files.begin(), files.end());
  if (files.size() > kMaxFiles) {
    draft.note(
        fmt::format("palette: more than {} files in /oem, the first are left out", kMaxFiles));
    files.erase(files.begin(), files.end() - kMaxFiles);
  }
  files.insert(files.end(), kFiles.begin(), kFiles.end());
  return files;
}

UserData load_user_data(const base::Roots& roots, Draft& draft) {
  UserData data;
  for (const std::string& name : user_data_files(roots, draft)) {
    const auto file = SecretFile::read(roots.at(name), kMaxFile);
    if (file) {
      read_user_data(file->text(), name, data, draft);
    } else if (file.error().code != Errc::absent) {
      data.is_hidden = true;
      draft.note("palette: " + text::to_utf8(file.error().message));
    }
  }
  return data;
}

}  // namespace edgehaul::identity
