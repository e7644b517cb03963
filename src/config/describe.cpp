// SPDX-License-Identifier: Apache-2.0
#include "config/describe.hpp"

#include <string_view>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/value.hpp"
#include "metric/catalogue.hpp"

namespace edgehaul::config {

namespace {

std::string default_of(const Key& key) {
  Config config;
  Draft draft;
  return write_value(key, {config, draft});
}

// What the table says of an absent value instead of "".
std::string shown_default(const Key& key) {
  const std::string text = default_of(key);
  return text == "\"\"" || text == "[]" || text == "{}" ? std::string() : text;
}

std::string replaced(std::string_view text, char what, std::string_view with) {
  std::string out;
  for (const char c : text)
    c == what ? out += with : out += c;
  return out;
}

std::string cell(std::string_view text) {
  return replaced(text, '|', "\\|");
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : "`" + cell(text) + "`";
}

std::string help_with_limits(const Key& key) {
  const std::string limits = write_limits(key);
  if (limits.empty()) return key.help;
  return fmt::format("{} ({}.)", key.help, limits);
}

// Escapes for roff: a backslash, and a '-' that must stay one.
std::string roff(std::string_view text) {
  std::string out = replaced(replaced(text, '\\', "\\e"), '-', "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string_view kind_name(metric::Kind kind) {
  if (kind == metric::Kind::gauge) return "gauge";
  return kind == metric::Kind::counter ? "counter" : "up-down counter";
}

}  // namespace

std::string describe_markdown() {
  std::string out = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Key& key : keys()) {
    out += fmt::format("| {} | {} | {} | {} |\n", code(key.path), type_name(key.type),
                       code(shown_default(key)), cell(help_with_limits(key)));
  }
  return out;
}

std::string describe_man() {
  std::string out;
  for (const Key& key : keys()) {
    const std::string standard = shown_default(key);
    out += fmt::format(".TP\n.B {}\n({}", roff(key.path), type_name(key.type));
    if (!standard.empty()) out += "; default " + roff(standard);
    out += fmt::format(")\n.br\n{}\n", roff(help_with_limits(key)));
  }
  return out;
}

std::string metrics_markdown() {
  std::string out =
      "| metric | unit | kind | attributes | read from | default |\n|---|---|---|---|---|---|\n";
  for (const metric::Def& row : metric::catalogue()) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", code(row.name), code(row.unit),
                       kind_name(row.kind), cell(row.attributes), cell(row.origin),
                       row.on ? "on" : "off");
  }
  return out;
}

}  // namespace edgehaul::config
