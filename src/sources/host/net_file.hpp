// SPDX-License-Identifier: Apache-2.0
// A file of the host's network namespace: process 1's view where it can be read (an agent in a
// container has a network of its own), else our own. Belongs to its source; collect thread.
#pragma once

#include <string>
#include <string_view>

#include "base/roots.hpp"
#include "sources/host/kept_file.hpp"

namespace edgehaul::host {

class NetFile {
 public:
  NetFile(const base::Roots& roots, const std::string& name)
      : init_(roots.in_proc("1/net/" + name)), own_(roots.in_proc("net/" + name)) {}

  Result<std::string_view> read() {
    if (!use_own_) {
      auto body = init_.read();
      if (body) return body;
      use_own_ = true;
    }
    auto body = own_.read();
    // Neither: begin with process 1 again, it may have been a passing failure.
    if (!body) use_own_ = false;
    return body;
  }

 private:
  KeptFile init_;
  KeptFile own_;
  bool use_own_ = false;
};

}  // namespace edgehaul::host
