// SPDX-License-Identifier: Apache-2.0
#include "config/overrides.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "config/yaml.hpp"

namespace edgehaul::config {

namespace {

constexpr const char* kOrigin = "--set";

// "forward[0].tls.ca_file" as "forward.0.tls.ca_file".
std::string dotted(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '[') out += '.';
    if (c != '[' && c != ']') out += c;
  }
  return out;
}

struct Path {
  std::vector<std::string_view> steps;  // views into the dotted text
  std::string in_table;                 // "forward[].headers"
  const Key* key = nullptr;             // the row, when the path reaches or passes one
  bool is_entry = false;                // of a map: the last step is a name in it
};

bool takes_entries(const Key& key) {
  return key.type == Type::map || key.type == Type::metrics;
}

Path split(std::string_view text) {
  Path path;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view step = text.substr(0, dot);
    path.steps.push_back(step);
    if (path.in_table == "forward" && text::parse_u64(step)) {
      path.in_table += "[]";
    } else {
      path.in_table += (path.in_table.empty() ? "" : ".") + std::string(step);
    }
    path.key = find_key(path.in_table);
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
    if (path.key == nullptr || !takes_entries(*path.key)) continue;
    path.steps.push_back(text);
    path.is_entry = true;
    return path;
  }
}

bool is_yaml(const Path& path, std::string_view value) {
  if (value.starts_with('"') || value.starts_with('\'')) return true;
  if (path.is_entry) return false;
  if (path.key == nullptr) return value.starts_with('[') || value.starts_with('{');
  return takes_entries(*path.key) || path.key->type == Type::list;
}

std::optional<Node> read_value(const Path& path, std::string_view value, Faults& faults) {
  if (is_yaml(path, value)) {
    Faults inner;
    auto node = parse_yaml(value, kOrigin, inner);
    for (Fault& fault : inner) {
      fault.where.line = 0;
      fault.key = path.in_table;
      faults.push_back(std::move(fault));
    }
    return node;
  }
  // Of a text nothing is a value too: "receive.http.listen=" listens nowhere.
  const bool is_text =
      path.is_entry ||
      (path.key != nullptr && (path.key->type == Type::text || path.key->type == Type::path));
  Node node;
  node.kind = value.empty() && !is_text ? Node::Kind::null : Node::Kind::scalar;
  node.text = value;
  return node;
}

// The command line has no lines.
void mark_origin(Node& node, const std::shared_ptr<const std::string>& origin) {
  node.file = origin;
  node.line = 0;
  for (Node& item : node.items)
    mark_origin(item, origin);
  for (Member& member : node.members)
    mark_origin(member.value, origin);
}

}  // namespace

void apply_override(const std::string& set, Node& root, Faults& faults) {
  constexpr std::size_t kMaxSteps = 16;
  const auto halves = text::split_once(set, '=');
  const std::string key = dotted(text::trim(halves ? halves->head : std::string_view(set)));
  const auto complain = [&](const char* message, const char* suggestion) {
    faults.push_back({Severity::error, {kOrigin, 0}, key, {}, message, suggestion});
  };
  const Path path = split(key);
  if (!halves || key.empty()) {
    complain("not KEY=VALUE", "such as collect.interval=5s");
    return;
  }
  if (path.steps.size() > kMaxSteps) {
    complain("nested too deep", "");
    return;
  }
  auto node = read_value(path, text::trim(halves->tail), faults);
  if (!node) return;
  const auto origin = std::make_shared<const std::string>(kOrigin);
  mark_origin(*node, origin);
  Node* place = reach(root, path.steps, kMaxDestinations, origin);
  if (place == nullptr) {
    complain("skips an entry of the list", "entries count from 0, without gaps");
    return;
  }
  *place = *std::move(node);
}

}  // namespace edgehaul::config
