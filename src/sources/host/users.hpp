// SPDX-License-Identifier: Apache-2.0
// User names by number, from the host's own passwd file: never through NSS, which may ask a network
// and is missing in a static binary. Collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/roots.hpp"

namespace edgehaul::host {

using UserNames = std::vector<std::pair<std::uint32_t, std::string>>;  // sorted by number

// The first name of each number wins, as in the C library.
UserNames parse_passwd(std::string_view body);

class Users {
 public:
  explicit Users(const base::Roots& roots) : path_(roots.at("/etc/passwd")) {}
  // Reads the file again if it was changed.
  void refresh();
  // Empty when the number has no name.
  std::string_view name(std::uint32_t uid) const;

 private:
  std::string path_;
  UserNames names_;
  std::int64_t changed_ = -1;
  std::int64_t size_ = -1;
};

}  // namespace edgehaul::host
