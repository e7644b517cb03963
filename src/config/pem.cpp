// SPDX-License-Identifier: Apache-2.0
#include "config/pem.hpp"

#include <sys/stat.h>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/fd.hpp"

namespace edgehaul::config {

namespace {
constexpr std::size_t kMaxPem = std::size_t{1024} * 1024;
}  // namespace

std::optional<std::string> judge_pem(const std::string& path, std::string_view mark,
                                     std::string_view what) {
  if (path.empty()) return std::nullopt;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fmt::format("cannot be read: {}", std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return "not a plain file";
  std::string body;
  if (const auto read = base::read_file(path, body, kMaxPem); !read) return "cannot be read";
  if (body.find(mark) == std::string::npos) return fmt::format("holds no {} in PEM form", what);
  return std::nullopt;
}

}  // namespace edgehaul::config
