// SPDX-License-Identifier: Apache-2.0
#include "config/switches.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace edgehaul::config {

namespace {

// Longer words are no typos of a metric's name, and edit distance is quadratic.
constexpr std::size_t kLongestTypo = 100;

bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> apply_switches(std::vector<Switch> switches,
                                        metric::Selection& selection) {
  const auto rank = [](const Switch& s) {
    return std::tuple(!is_glob(s.pattern), s.pattern.size(), std::string_view(s.pattern));
  };
  std::sort(switches.begin(), switches.end(),
            [&](const Switch& a, const Switch& b) { return rank(a) < rank(b); });
  std::vector<std::string> unknown;
  for (const Switch& s : switches) {
    if (selection.set_matching(s.pattern, s.on) == 0) unknown.push_back(s.pattern);
  }
  return unknown;
}

std::string suggest_metric(std::string_view name) {
  if (name.size() > kLongestTypo) return {};
  std::vector<std::string_view> names;
  for (const metric::Def& row : metric::catalogue())
    names.push_back(row.name);
  const std::string_view near = text::nearest(name, names);
  return near.empty() ? std::string() : "did you mean " + std::string(near) + "?";
}

std::string write_switches(const metric::Selection& selection) {
  std::string out;
  for (std::size_t i = 0; i < metric::catalogue().size(); ++i) {
    const bool on = selection.on(metric::Id(static_cast<std::uint16_t>(i)));
    const metric::Def& row = metric::catalogue()[i];
    if (on == row.on) continue;
    out += (out.empty() ? "" : ", ") + std::string(row.name) + (on ? ": true" : ": false");
  }
  return out;
}

}  // namespace edgehaul::config
