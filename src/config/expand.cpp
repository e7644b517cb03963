// SPDX-License-Identifier: Apache-2.0
#include "config/expand.hpp"

#include <sys/stat.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/fd.hpp"

namespace edgehaul::config {

namespace {

constexpr int kMaxDepth = 3;

Result<std::string> read_reference(const std::string& path) {
  // A pipe or a device would block or never end.
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(Errc::absent, "cannot read {}: {}", path, std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "{} is not a plain file", path);
  std::string body;
  if (const auto read = base::read_file(path, body, kMaxReferencedFile); !read) {
    return within("cannot read it", read.error());
  }
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r'))
    body.pop_back();
  return body;
}

Result<std::string> read_variable(std::string_view reference, const Environment& environment) {
  const std::size_t mark = reference.find(":-");
  const std::string name(reference.substr(0, mark));
  if (auto value = environment(name)) return *std::move(value);
  if (mark != std::string_view::npos) return std::string(reference.substr(mark + 2));
  return fail(Errc::absent, "environment variable {} is not set", name);
}

Result<std::string> expand_at(std::string_view text, const Environment& environment, int depth);

// `inside` is what stands between the braces.
Result<std::string> resolve(std::string_view inside, const Environment& environment, int depth) {
  if (inside.starts_with("env:")) return read_variable(inside.substr(4), environment);
  if (inside.starts_with("file:")) {
    auto path = expand_at(inside.substr(5), environment, depth + 1);
    if (!path) return path;
    return read_reference(*path);
  }
  return fail(Errc::invalid,
              "unknown reference (there are ${{env:NAME}} and ${{file:PATH}}; "
              "write $$ for a dollar sign)");
}

// Position of the brace that closes the one before `text`; npos when there is none.
std::size_t closing(std::string_view text) {
  int open = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

Result<std::string> expand_at(std::string_view text, const Environment& environment, int depth) {
  if (depth > kMaxDepth) return fail(Errc::invalid, "references are nested too deep");
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (!text.starts_with('{')) {
      out += '$';
      if (text.starts_with('$')) text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    const std::size_t end = closing(text);
    if (end == std::string_view::npos) return fail(Errc::invalid, "'${{' without its '}}'");
    auto value = resolve(text.substr(0, end), environment, depth);
    if (!value) return value;
    out += *value;
    if (out.size() > kMaxExpanded) return fail(Errc::too_large, "longer than 256 KiB");
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> expand(std::string_view text, const Environment& environment) {
  return expand_at(text, environment, 0);
}

}  // namespace edgehaul::config
