// SPDX-License-Identifier: Apache-2.0
#include "cli/args.hpp"

#include "base/text.hpp"

namespace edgehaul::cli {

namespace {

const OptionSpec* find_option(std::span<const OptionSpec> options, std::string_view name) {
  for (const OptionSpec& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

Error unknown_option(std::span<const OptionSpec> options, std::string_view name) {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : options)
    names.push_back(option.name);
  const std::string_view near = text::nearest(name, names);
  std::string words = fmt::format("no option {}", name);
  if (!near.empty()) words += fmt::format("; did you mean {}?", near);
  return {Errc::invalid, std::move(words)};
}

}  // namespace

Result<Args> Args::parse(std::span<const std::string_view> words,
                         std::span<const OptionSpec> options) {
  Args args;
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (options_ended || !word.starts_with("--")) {
      args.rest_.emplace_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    const auto halves = text::split_once(word, '=');
    const std::string_view name = halves ? halves->head : word;
    const OptionSpec* option = find_option(options, name);
    if (option == nullptr) return pass(unknown_option(options, name));
    if (option->value.empty()) {
      if (halves) return fail(Errc::invalid, "{} takes no value", name);
      args.values_[option->name].emplace_back();
    } else if (halves) {
      args.values_[option->name].emplace_back(halves->tail);
    } else if (++i < words.size()) {
      args.values_[option->name].emplace_back(words[i]);
    } else {
      return fail(Errc::invalid, "{} needs a value ({})", name, option->value);
    }
  }
  return args;
}

std::optional<std::string> Args::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Args::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace edgehaul::cli
