// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/log_folders.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace edgehaul::cgroup {

namespace {

constexpr std::size_t kIdLength = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// 0 when there is no such folder.
std::int64_t changed_at(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return 0;
  return std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
}

template <class Parse>
auto list(const std::string& path, Parse parse) {
  std::vector<typename decltype(parse(std::string_view()))::value_type> out;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return out;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (out.size() >= metric::Workloads::kMost) break;
    if (auto parsed = parse(entry->d_name)) out.push_back(std::move(*parsed));
  }
  return out;
}

}  // namespace

std::optional<metric::PodNames> parse_pod_folder(std::string_view name) {
  const auto head = text::split_once(name, '_');
  if (!head) return std::nullopt;
  const auto tail = text::split_last(head->tail, '_');
  if (!tail || head->head.empty() || tail->head.empty() || tail->tail.empty() ||
      !text::is_utf8(name))
    return std::nullopt;
  return metric::PodNames{std::string(tail->tail), std::string(tail->head),
                          std::string(head->head)};
}

std::optional<metric::ContainerNames> parse_container_log(std::string_view name) {
  constexpr std::string_view kSuffix = ".log";
  if (!name.ends_with(kSuffix) || !text::is_utf8(name)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const std::size_t underline = name.rfind('_');
  if (underline == std::string_view::npos) return std::nullopt;
  name.remove_prefix(underline + 1);
  if (name.size() < kIdLength + 2 || name[name.size() - kIdLength - 1] != '-') return std::nullopt;
  return metric::ContainerNames{std::string(name.substr(name.size() - kIdLength)),
                                {},
                                std::string(name.substr(0, name.size() - kIdLength - 1))};
}

LogFolders::LogFolders(const base::Roots& roots, std::shared_ptr<metric::Workloads> workloads)
    : pods_(roots.at("/var/log/pods")),
      containers_(roots.at("/var/log/containers")),
      workloads_(std::move(workloads)) {}

void LogFolders::refresh() {
  const std::int64_t pods = changed_at(pods_);
  const std::int64_t containers = changed_at(containers_);
  // Two changes within one step of the file system's clock look like one: listed anew in any case.
  constexpr std::uint32_t kListAnew = 6;
  const bool is_turn = tick_++ % kListAnew == 0;
  if (!is_turn && pods == pods_changed_ && containers == containers_changed_) return;
  pods_changed_ = pods;
  containers_changed_ = containers;
  workloads_->tell(metric::Teller::logs, list(pods_, parse_pod_folder),
                   list(containers_, parse_container_log));
}

}  // namespace edgehaul::cgroup
