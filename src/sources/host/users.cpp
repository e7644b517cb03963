// SPDX-License-Identifier: Apache-2.0
#include "sources/host/users.hpp"

#include <algorithm>

#include <sys/stat.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kMaxUsers = 65536;

}  // namespace

UserNames parse_passwd(std::string_view body) {
  UserNames names;
  while (const auto line = text::next_line(body)) {
    const auto name = text::split_once(*line, ':');
    if (!name || name->head.empty() || names.size() == kMaxUsers) continue;
    const auto password = text::split_once(name->tail, ':');
    if (!password) continue;
    const std::string_view number = password->tail.substr(0, password->tail.find(':'));
    std::uint32_t uid = 0;
    if (text::parse_into(number, uid)) names.emplace_back(uid, text::to_utf8(name->head));
  }
  const auto by_number = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::stable_sort(names.begin(), names.end(), by_number);
  names.erase(std::unique(names.begin(), names.end(), same), names.end());
  return names;
}

void Users::refresh() {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) {
    names_.clear();
    changed_ = size_ = -1;
    return;
  }
  const std::int64_t changed = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  if (changed == changed_ && info.st_size == size_) return;
  std::string buffer;
  const auto body = base::read_file(path_, buffer);
  if (!body) return;
  names_ = parse_passwd(*body);
  changed_ = changed;
  size_ = info.st_size;
}

std::string_view Users::name(std::uint32_t uid) const {
  const auto at =
      std::lower_bound(names_.begin(), names_.end(), uid,
                       [](const auto& entry, std::uint32_t key) { return entry.first < key; });
  return at != names_.end() && at->first == uid ? std::string_view(at->second) : std::string_view();
}

}  // namespace edgehaul::host
