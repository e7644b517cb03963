// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <fmt/format.h>

#include "config/describe.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"

namespace edgehaul::config {

namespace {

constexpr std::size_t kWidth = 100;

constexpr std::string_view kIntroduction =
    R"(# edgehaul: configuration. See edgehaul.yaml(5); `edgehaul check` tells what is wrong with it.
#
# Everything below is commented out and states the built-in default: a line that begins with '#' and
# a name is a setting, '# ' begins an explanation. Take the '#' off to change one. Files of
# conf.d/*.yaml beside this one are read after it, in the order of their names; a later file wins key
# by key, and a list replaces the list before it. In values, ${env:NAME} and ${file:PATH} stand for
# a variable of the environment and the contents of a file, and $$ for a dollar sign.
)";

constexpr std::string_view kDestination = R"(
# Destinations, each with its own progress through the spool. Without one, samples are only spooled.
# The first two lines are all that is needed; the others show their defaults.
)";

// A paragraph as comment lines.
std::string comment(std::string_view text, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  std::string line = margin + "#";
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = margin + "#";
    }
    line += " " + std::string(word);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out + line + "\n";
}

std::string last_name(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return std::string(dot == std::string_view::npos ? path : path.substr(dot + 1));
}

// "#exclude: [a, b]", or one item a line where that is too long.
std::string setting(std::string_view name, const Key& key, std::size_t indent) {
  Config config;
  Draft draft;
  const std::string margin = std::string(indent, ' ') + "#";
  std::string one_line = fmt::format("{}{}: {}\n", margin, name, write_value(key, {config, draft}));
  if (one_line.size() <= kWidth || key.type != Type::list) return one_line;
  const auto list = std::get<std::vector<std::string>& (*)(Slot)>(key.target);
  std::string out = fmt::format("{}{}:\n", margin, name);
  for (const std::string& item : list({config, draft}))
    out += fmt::format("{}  - {}\n", margin, yaml_scalar(item));
  return out;
}

std::string key_entry(const Key& key, std::size_t indent) {
  const std::string limits = write_limits(key);
  const std::string help = limits.empty() ? key.help : fmt::format("{} ({}.)", key.help, limits);
  return comment(help, indent) + setting(last_name(key.path), key, indent);
}

std::string section_entry(const std::string& path, std::size_t indent);

// Keys before sections, so that what is short comes first.
std::string contents(const std::string& path, std::size_t indent) {
  std::string out;
  for (const bool wants_sections : {false, true}) {
    for (const std::string& name : children(path)) {
      const std::string below = path.empty() ? name : fmt::format("{}.{}", path, name);
      const Key* key = find_key(below);
      if ((key == nullptr) != wants_sections || below == "forward") continue;
      if (key != nullptr) {
        out += (path.empty() ? "\n" : "") + key_entry(*key, indent);
      } else {
        out += section_entry(below, indent);
      }
    }
  }
  return out;
}

std::string section_entry(const std::string& path, std::size_t indent) {
  std::string out = indent < 4 ? "\n" : "";
  if (const auto help = section_help(path); !help.empty()) out += comment(help, indent);
  out += std::string(indent, ' ') + last_name(path) + ":\n";
  return out + contents(path, indent + 2);
}

// The one list: wholly commented out, since an entry without an endpoint is a fault.
std::string destination() {
  std::string out = "#forward:\n";
  for (const Key& key : keys()) {
    const std::string_view path = key.path;
    if (!path.starts_with("forward[].")) continue;
    Config config;
    Draft draft;
    draft.to.name = "central";
    draft.to.endpoint = "https://central.example:4317";
    const std::string_view rest = path.substr(10);
    const std::size_t dot = rest.find('.');
    const std::string section(dot == std::string_view::npos ? std::string_view()
                                                            : rest.substr(0, dot));
    const std::string opening = fmt::format("#    {}:\n", section);
    if (!section.empty() && out.find(opening) == std::string::npos) out += opening;
    out += fmt::format("#{}{}: {}\n",
                       rest == "name"    ? "  - "
                       : section.empty() ? "    "
                                         : "      ",
                       last_name(path), write_value(key, {config, draft}));
  }
  return out;
}

}  // namespace

std::string describe_sample() {
  return std::string(kIntroduction) + contents({}, 0) + std::string(kDestination) + destination();
}

}  // namespace edgehaul::config
