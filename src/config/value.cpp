// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/units.hpp"
#include "config/amount.hpp"
#include "config/switches.hpp"

namespace edgehaul::config {

namespace {

constexpr std::size_t kMaxEntries = 256;

using Problems = std::vector<Problem>;

void complain(Problems& problems, std::string message, std::string suggestion = {}) {
  problems.push_back({{}, 0, {}, std::move(message), std::move(suggestion)});
}

// A scalar after its references are resolved; nullopt when it is something else or a reference
// fails.
std::optional<std::string> scalar(const Node& node, const Environment& environment,
                                  Problems& problems) {
  if (!node.is_scalar()) {
    complain(problems, node.is_list()  ? "one value is wanted, not a list"
                       : node.is_map() ? "one value is wanted, not a map"
                                       : "a value is missing");
    return std::nullopt;
  }
  auto text = expand(node.text, environment);
  if (text) return *std::move(text);
  complain(problems, text.error().message);
  return std::nullopt;
}

struct Setter {
  const Key& key;
  Slot slot;
  const Node& node;
  const Environment& environment;
  Problems& problems;

  std::optional<std::string> text() const { return scalar(node, environment, problems); }

  void operator()(bool& (*field)(Slot)) const {
    const auto word = text();
    if (!word) return;
    if (const auto flag = parse_flag(*word)) {
      field(slot) = *flag;
    } else {
      complain(problems, "not a switch", "true or false");
    }
  }

  void operator()(std::uint64_t& (*field)(Slot)) const { set_amount(field); }
  void operator()(std::chrono::milliseconds& (*field)(Slot)) const { set_amount(field); }
  void operator()(std::chrono::seconds& (*field)(Slot)) const { set_amount(field); }

  template <class T>
  void set_amount(T& (*field)(Slot)) const {
    const auto word = text();
    if (!word) return;
    const auto amount = parse_amount(key.type, *word);
    if (!amount) {
      complain(problems, std::string(amount_complaint(key.type)),
               std::string(amount_example(key.type)));
      return;
    }
    if (*amount < key.limits.least || *amount > key.limits.most) {
      complain(problems, *amount < key.limits.least ? "too small" : "too large", write_limits(key));
      return;
    }
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      field(slot) = *amount;
    } else {
      const std::chrono::milliseconds span(static_cast<std::int64_t>(*amount));
      field(slot) = std::chrono::duration_cast<T>(span);
    }
  }

  void operator()(std::string& (*field)(Slot)) const {
    auto word = text();
    if (!word) return;
    if (key.type == Type::path && !word->empty() && word->front() != '/') {
      complain(problems, "not an absolute path", "begin it with /");
    } else if (word->find_first_of(std::string_view("\0\n\r", 3)) != std::string::npos) {
      complain(problems, "has a line break");
    } else {
      field(slot) = *std::move(word);
    }
  }

  void operator()(std::vector<std::string>& (*field)(Slot)) const {
    if (!node.is_list()) {
      complain(problems, "not a list",
               node.is_scalar() && !key.is_secret ? "write [" + node.text + "]" : std::string());
      return;
    }
    if (node.items.size() > kMaxEntries) {
      complain(problems, "more than 256 entries");
      return;
    }
    std::vector<std::string> list;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      Problems inner;
      if (auto word = scalar(item, environment, inner)) list.push_back(*std::move(word));
      place(std::move(inner), fmt::format("[{}]", i), item);
    }
    field(slot) = std::move(list);
  }

  void operator()(Pairs& (*field)(Slot)) const {
    if (!is_bounded_map()) return;
    Pairs pairs;
    for (const auto& [name, value] : node.members) {
      Problems inner;
      if (auto word = scalar(value, environment, inner)) pairs.emplace_back(name, *std::move(word));
      place(std::move(inner), "." + name, value);
    }
    field(slot) = std::move(pairs);
  }

  void operator()(metric::Selection& (*field)(Slot)) const {
    if (!is_bounded_map()) return;
    std::vector<Switch> switches;
    for (const auto& [name, value] : node.members) {
      Problems inner;
      const auto word = scalar(value, environment, inner);
      const auto on = word ? parse_flag(*word) : std::nullopt;
      if (word && !on) complain(inner, "not a switch", "true or false");
      if (on) switches.push_back({name, *on});
      place(std::move(inner), "." + name, value);
    }
    for (const std::string& name : apply_switches(switches, field(slot))) {
      Problem problem{"." + name, find(node, name)->line, {}, "no metric has this name", {}, true};
      problem.suggestion = suggest_metric(name);
      problems.push_back(std::move(problem));
    }
  }

  void operator()(const Choice& choice) const {
    const auto word = text();
    if (!word) return;
    const auto found = std::find(choice.names.begin(), choice.names.end(), text::lower(*word));
    if (found == choice.names.end()) {
      complain(problems, "not one of the choices", write_limits(key));
      return;
    }
    choice.set(slot, static_cast<std::size_t>(found - choice.names.begin()));
  }

  bool is_bounded_map() const {
    if (!node.is_map()) {
      complain(problems, "not a map", "write NAME: VALUE below it");
      return false;
    }
    if (node.members.size() > kMaxEntries) complain(problems, "more than 256 entries");
    return node.members.size() <= kMaxEntries;
  }

  void place(Problems inner, const std::string& below, const Node& at) const {
    for (Problem& problem : inner) {
      problem.below = below;
      problem.line = at.line;
      if (at.is_scalar()) problem.shown = at.text;
      problems.push_back(std::move(problem));
    }
  }
};

}  // namespace

std::vector<Problem> set_value(const Key& key, Slot slot, const Node& node,
                               const Environment& environment) {
  Problems problems;
  if (node.is_null()) return problems;
  std::visit(Setter{key, slot, node, environment, problems}, key.target);
  for (Problem& problem : problems) {
    if (problem.line == 0) {
      problem.line = node.line;
      if (node.is_scalar()) problem.shown = node.text;
    }
    if (key.is_secret) problem.shown.clear();
  }
  return problems;
}

}  // namespace edgehaul::config
