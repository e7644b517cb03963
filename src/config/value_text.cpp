// SPDX-License-Identifier: Apache-2.0
#include <variant>

#include "config/amount.hpp"
#include "config/switches.hpp"
#include "config/value.hpp"

namespace edgehaul::config {

namespace {

struct Writer {
  const Key& key;
  Slot slot;

  std::string operator()(bool& (*field)(Slot)) const { return field(slot) ? "true" : "false"; }
  std::string operator()(std::uint64_t& (*field)(Slot)) const {
    return write_amount(key.type, field(slot));
  }
  std::string operator()(std::chrono::milliseconds& (*field)(Slot)) const {
    return write_amount(key.type, static_cast<std::uint64_t>(field(slot).count()));
  }
  std::string operator()(std::chrono::seconds& (*field)(Slot)) const {
    return write_amount(key.type, static_cast<std::uint64_t>(field(slot).count()) * 1000);
  }
  std::string operator()(std::string& (*field)(Slot)) const { return yaml_scalar(field(slot)); }
  std::string operator()(std::vector<std::string>& (*field)(Slot)) const {
    std::string out;
    for (const std::string& item : field(slot))
      out += (out.empty() ? "" : ", ") + yaml_scalar(item);
    return "[" + out + "]";
  }
  std::string operator()(Pairs& (*field)(Slot)) const {
    std::string out;
    for (const auto& [name, value] : field(slot))
      out += (out.empty() ? "" : ", ") + yaml_scalar(name) + ": " + yaml_scalar(value);
    return "{" + out + "}";
  }
  std::string operator()(metric::Selection& (*field)(Slot)) const {
    return "{" + write_switches(field(slot)) + "}";
  }
  std::string operator()(const Choice& choice) const {
    return std::string(choice.names.at(choice.get(slot)));
  }
};

}  // namespace

std::string write_value(const Key& key, Slot slot) {
  return std::visit(Writer{key, slot}, key.target);
}

std::string write_limits(const Key& key) {
  if (const Choice* choice = std::get_if<Choice>(&key.target)) {
    std::string names;
    for (const std::string_view name : choice->names)
      names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
  }
  if (key.limits.most == UINT64_MAX) return {};
  return write_amount(key.type, key.limits.least) + " to " +
         write_amount(key.type, key.limits.most);
}

std::string yaml_scalar(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  const bool is_plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos &&
                        text.front() != '-' && !parse_flag(text) && text != "null";
  if (is_plain) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace edgehaul::config
