// SPDX-License-Identifier: Apache-2.0
// Basic and bearer credentials of peers, compared in a time that tells nothing of them. Immutable
// after construction; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relay/options.hpp"

namespace edgehaul::relay {

class Access {
 public:
  explicit Access(const AccessOptions& options);

  struct Verdict {
    bool is_allowed = false;
    std::string name;  // user of Basic, "bearer 1" for the first token; empty when open to all
  };
  // `authorization`: the header's value, empty when there is none.
  Verdict judge(std::string_view authorization) const;
  bool is_open() const { return credentials_.empty(); }
  // For WWW-Authenticate of a 401 answer.
  std::string_view challenge() const { return challenge_; }

 private:
  struct Credential {
    std::string value;   // what the header must say after the scheme
    std::string scheme;  // lower case
    std::string name;
  };
  std::vector<Credential> credentials_;
  std::string challenge_;
};

// True when both are equal; takes time by the length of `given` alone.
bool equal_in_constant_time(std::string_view given, std::string_view expected);

}  // namespace edgehaul::relay
