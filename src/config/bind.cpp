// SPDX-License-Identifier: Apache-2.0
#include "config/bind.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/endpoint.hpp"
#include "config/value.hpp"

namespace edgehaul::config {

namespace {

std::string suggest_key(std::string_view section, std::string_view name) {
  constexpr std::size_t kLongestTypo = 64;
  if (name.size() > kLongestTypo) return {};
  const std::string prefix = section.empty() ? std::string() : std::string(section) + ".";
  const std::vector<std::string> near_by = children(section);
  if (const auto near = text::nearest(name, near_by); !near.empty()) {
    return fmt::format("did you mean {}?", near);
  }
  for (const Key& key : keys()) {
    if (key.path.ends_with("." + std::string(name))) {
      return fmt::format("did you mean {}?", key.path);
    }
  }
  std::string all;
  for (const std::string& child : near_by)
    all += (all.empty() ? "" : ", ") + child;
  return all.size() > 120 ? std::string() : "known here: " + all;
}

class Binder {
 public:
  Binder(const Environment& environment, Severity unknown, Faults& faults)
      : environment_(environment), unknown_(unknown), faults_(faults) {}

  // `path` is as in the table, `shown` has the indices.
  void bind_section(const Node& node, const std::string& path, const std::string& shown) {
    if (node.is_null()) return;
    if (!node.is_map()) {
      add(Severity::error, node, shown, {}, "settings are wanted below it, not a value",
          "write KEY: VALUE below it, indented");
      return;
    }
    for (const auto& [name, value] : node.members) {
      const char* dot = path.empty() ? "" : ".";
      bind_member(value, name, path, fmt::format("{}{}{}", path, dot, name),
                  fmt::format("{}{}{}", shown, dot, name));
    }
  }

  Bound take() { return std::move(bound_); }

 private:
  void bind_member(const Node& node, std::string_view name, const std::string& section,
                   const std::string& path, const std::string& shown) {
    if (const Key* key = find_key(path)) {
      bind_value(*key, node, shown);
    } else if (path == "forward") {
      bind_forward(node);
    } else if (is_section(path)) {
      bind_section(node, path, shown);
    } else {
      add(unknown_, node, shown, {}, "unknown key",
          faults_.size() < kMaxFaults ? suggest_key(section, name) : std::string());
    }
  }

  void bind_value(const Key& key, const Node& node, const std::string& shown) {
    remember(key, node, shown);
    for (Problem& problem : set_value(key, {bound_.config, *draft_}, node, environment_)) {
      Fault fault;
      fault.severity = problem.is_unknown_name ? unknown_ : Severity::error;
      fault.where = place(node, problem.line);
      fault.key = shown + problem.below;
      fault.value = key.type == Type::url ? redact(problem.shown) : std::move(problem.shown);
      fault.message = std::move(problem.message);
      fault.suggestion = std::move(problem.suggestion);
      faults_.push_back(std::move(fault));
    }
  }

  void bind_forward(const Node& node) {
    if (node.is_null()) return;
    bound_.places["forward"] = {place(node, node.line), {}};
    if (!node.is_list()) {
      add(Severity::error, node, "forward", {}, "not a list of destinations",
          "write '- endpoint: …' below it");
      return;
    }
    if (node.items.size() > kMaxDestinations) {
      add(Severity::error, node, "forward", {},
          fmt::format("more than {} destinations", kMaxDestinations), {});
      return;
    }
    bound_.drafts.resize(node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string shown = fmt::format("forward[{}]", i);
      bound_.places[shown] = {place(node.items[i], node.items[i].line), {}};
      draft_ = &bound_.drafts[i];
      bind_section(node.items[i], "forward[]", shown);
    }
    draft_ = &nowhere_;
  }

  void remember(const Key& key, const Node& node, const std::string& shown) {
    if (node.is_null()) return;
    bound_.places[shown] = {place(node, node.line), key.is_secret ? std::string() : node.text};
    for (const auto& [name, value] : node.members)
      bound_.places[fmt::format("{}.{}", shown, name)] = {place(value, value.line), {}};
  }

  static Where place(const Node& node, int line) {
    return {node.file ? *node.file : std::string(), line};
  }

  void add(Severity severity, const Node& node, const std::string& key, std::string value,
           std::string message, std::string suggestion) {
    faults_.push_back({severity, place(node, node.line), key, std::move(value), std::move(message),
                       std::move(suggestion)});
  }

  const Environment& environment_;
  Severity unknown_;
  Faults& faults_;
  Bound bound_;
  Draft nowhere_;
  Draft* draft_ = &nowhere_;
};

}  // namespace

Bound bind_tree(const Node& root, const Environment& environment, Severity unknown,
                Faults& faults) {
  Binder binder(environment, unknown, faults);
  binder.bind_section(root, {}, {});
  return binder.take();
}

}  // namespace edgehaul::config
