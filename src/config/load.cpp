// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "config/bind.hpp"
#include "config/checks.hpp"
#include "config/overrides.hpp"
#include "config/yaml.hpp"

namespace edgehaul::config {

namespace {

std::string drop_in_dir(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return (slash == std::string::npos ? std::string() : file.substr(0, slash + 1)) + "conf.d";
}

// Names of conf.d's *.yaml files in bytewise order; other names that look meant are told of.
std::vector<std::string> list_drop_ins(const std::string& dir, Faults& faults) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(dir.c_str()), &::closedir);
  if (!open) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with('.')) continue;
    if (name.ends_with(".yaml")) {
      names.push_back(name);
    } else if (name.ends_with(".yml")) {
      faults.push_back({Severity::warning,
                        {fmt::format("{}/{}", dir, name), 0},
                        {},
                        {},
                        "not read",
                        "drop-ins end in .yaml"});
    }
    if (names.size() > kMaxDropIns) {
      faults.push_back({Severity::error,
                        {dir, 0},
                        {},
                        {},
                        fmt::format("more than {} drop-ins", kMaxDropIns),
                        {}});
      return {};
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Lays one file upon the tree; false when that failed.
bool add_file(const std::string& file, bool is_required, Node& root, Loaded& loaded) {
  struct stat status {};
  const auto complain = [&](std::string message) {
    loaded.faults.push_back({Severity::error, {file, 0}, {}, {}, std::move(message), {}});
    return false;
  };
  if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return complain("not a plain file");
  }
  std::string body;
  const auto read = base::read_file(file, body, kMaxYamlBytes);
  if (!read) {
    const bool is_absent = read.error().code == Errc::absent;
    if (is_absent && !is_required) return true;
    return complain(is_absent                              ? "no such file"
                    : read.error().code == Errc::too_large ? "larger than 1 MiB"
                                                           : read.error().message);
  }
  loaded.files.push_back(file);
  auto tree = parse_yaml(*read, file, loaded.faults);
  if (!tree) return false;
  if (!tree->is_map() && !tree->is_null()) {
    return complain("no settings in it: KEY: VALUE is wanted");
  }
  merge(root, *std::move(tree));
  return true;
}

int order_of(const Fault& fault, const std::vector<std::string>& files) {
  const auto found = std::find(files.begin(), files.end(), fault.where.file);
  return static_cast<int>(found - files.begin());
}

// Sorted by file and line, at most kMaxFaults. Errors are kept rather than notes.
void arrange(Loaded& loaded) {
  Faults& faults = loaded.faults;
  if (faults.size() > kMaxFaults) {
    std::stable_sort(faults.begin(), faults.end(),
                     [](const Fault& a, const Fault& b) { return a.severity > b.severity; });
    const std::size_t more = faults.size() - kMaxFaults;
    faults.resize(kMaxFaults);
    faults.push_back({faults.front().severity, {}, {}, {}, fmt::format("and {} more", more), {}});
  }
  std::stable_sort(faults.begin(), faults.end(), [&](const Fault& a, const Fault& b) {
    return std::pair(order_of(a, loaded.files), a.where.line) <
           std::pair(order_of(b, loaded.files), b.where.line);
  });
}

}  // namespace

bool Loaded::ok() const {
  return std::none_of(faults.begin(), faults.end(),
                      [](const Fault& fault) { return fault.severity == Severity::error; });
}

Loaded load(const Request& request) {
  Loaded loaded;
  Node root;
  root.kind = Node::Kind::map;
  bool is_whole = add_file(request.file, request.is_file_required, root, loaded);
  const std::string dir = drop_in_dir(request.file);
  for (const std::string& name : list_drop_ins(dir, loaded.faults))
    is_whole = add_file(fmt::format("{}/{}", dir, name), true, root, loaded) && is_whole;
  for (const std::string& set : request.sets)
    apply_override(set, root, loaded.faults);

  const Severity unknown = request.is_strict ? Severity::error : Severity::warning;
  Bound bound = bind_tree(root, request.environment, unknown, loaded.faults);
  loaded.config = finish(std::move(bound), loaded.faults);
  // What is missing may stand in the file that could not be read.
  if (!is_whole) {
    std::erase_if(loaded.faults, [](const Fault& f) { return f.severity == Severity::note; });
  }
  arrange(loaded);
  return loaded;
}

}  // namespace edgehaul::config
