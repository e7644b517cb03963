// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/value.hpp"

namespace edgehaul::config {

namespace {

constexpr std::string_view kForward = "forward[]";

Draft draft_of(const forward::Destination& to) {
  Draft draft{to, false};
  if (to.backlog_forbid) draft.backlog_forbid = forward::format_window(*to.backlog_forbid);
  return draft;
}

void compare_destination(const forward::Destination& before, const forward::Destination& after,
                         std::size_t index, std::vector<std::string>& changed) {
  Config none;
  Draft a = draft_of(before);
  Draft b = draft_of(after);
  for (const Key& key : keys()) {
    if (!key.path.starts_with(kForward)) continue;
    if (write_value(key, {none, a}) == write_value(key, {none, b})) continue;
    changed.push_back(fmt::format("forward[{}]{}", index, key.path.substr(kForward.size())));
  }
}

}  // namespace

std::vector<std::string> changed_keys(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  Config a = before;
  Config b = after;
  Draft none;
  for (const Key& key : keys()) {
    if (key.path.starts_with(kForward)) continue;
    if (write_value(key, {a, none}) != write_value(key, {b, none})) changed.push_back(key.path);
  }
  const auto& old = before.forward.destinations;
  const auto& now = after.forward.destinations;
  if (old.size() != now.size()) changed.emplace_back("forward");
  for (std::size_t i = 0; i < std::min(old.size(), now.size()); ++i)
    compare_destination(old[i], now[i], i, changed);
  return changed;
}

}  // namespace edgehaul::config
