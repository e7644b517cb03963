// SPDX-License-Identifier: Apache-2.0
#include "identity/device_uid.hpp"

#include <algorithm>

#include <regex.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "identity/secret_file.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kKey = "palette.edge_host.id";
constexpr std::string_view kProductUuid = "/sys/class/dmi/id/product_uuid";
constexpr std::size_t kMaxFile = 4096;
constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxPattern = 128;

// Palette refuses these in an id.
constexpr std::string_view kUnsupported = "/?#&+%,$~!@*(){}|=;:<>'.^\"";

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
    if (is_dash ? text[i] != '-' : kDigits.find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

bool is_usable(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7F &&
           kUnsupported.find(c) == std::string_view::npos;
  });
}

// UUIDs stand in ids in lower case and without dashes, other ids as they are.
std::string normal_form(const std::string& id) {
  if (!is_uuid(id)) return id;
  std::string out = text::lower(id);
  std::erase(out, '-');
  return out;
}

Result<std::string> uid_in(const base::Roots& roots, const UidPath& path) {
  if (!path.name.starts_with('/')) return fail(Errc::invalid, "not an absolute path");
  const auto file = SecretFile::read(roots.at(path.name), kMaxFile);
  if (!file) return pass(file.error());
  std::string id(text::trim(file->text().substr(0, file->text().find('\n'))));
  if (!path.regex.empty()) {
    auto match = first_match(path.regex, id);
    if (!match) return match;
    id = std::move(*match);
  }
  if (!is_usable(id)) return fail(Errc::malformed, "{}: holds no id that Palette takes", path.name);
  return normal_form(id);
}

bool has_bounded_form(std::string_view pattern) {
  constexpr std::string_view kAlnum =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  int repetitions = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i == pattern.size() || kAlnum.find(pattern[i]) != std::string_view::npos) return false;
    } else if (pattern[i] == '{') {
      // Nested repetitions multiply the size of the automaton.
      if (++repetitions > 1) return false;
    }
  }
  return pattern.size() <= kMaxPattern && pattern.find("(?") == std::string_view::npos;
}

}  // namespace

Result<std::string> first_match(const std::string& pattern, const std::string& text) {
  if (!has_bounded_form(pattern)) {
    return fail(Errc::invalid, "a regex of a form that is not supported here");
  }
  regex_t compiled{};
  if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED) != 0) {
    return fail(Errc::invalid, "not a regular expression");
  }
  regmatch_t match{};
  const bool is_found = ::regexec(&compiled, text.c_str(), 1, &match, 0) == 0;
  ::regfree(&compiled);
  if (!is_found) return fail(Errc::absent, "the regex does not match");
  return text.substr(static_cast<std::size_t>(match.rm_so),
                     static_cast<std::size_t>(match.rm_eo - match.rm_so));
}

std::string edge_host_id(const base::Roots& roots, const UserData& data, Draft& draft) {
  // "$random" asks the agent for one that it keeps for itself.
  if (!data.name.empty() && data.name != "$random") return data.name.substr(0, kMaxId);
  std::string reason = "site.name asks for a random one";
  if (data.name.empty()) {
    std::vector<UidPath> paths = data.uid_paths;
    if (paths.empty()) paths.push_back({std::string(kProductUuid), {}});
    for (const UidPath& path : paths) {
      const auto uid = uid_in(roots, path);
      const std::string& prefix = data.prefix.empty() ? "edge" : data.prefix;
      if (uid) return (prefix + "-" + *uid).substr(0, kMaxId);
      reason = text::to_utf8(uid.error().message);
    }
  }
  draft.note(fmt::format("{}: not known ({}); set it under resource:", kKey, reason));
  return {};
}

}  // namespace edgehaul::identity
