// SPDX-License-Identifier: Apache-2.0
// A kernel file that several sources need: read and parsed once per tick, whoever asks first.
// Collect thread only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "sources/host/kept_file.hpp"

namespace edgehaul::host {

template <class Parsed>
class TickFile {
 public:
  using Parse = void (*)(std::string_view body, Parsed& out);

  TickFile(std::string path, Parse parse) : file_(std::move(path)), parse_(parse) {}

  // The content as of this tick; lives until the next tick.
  Result<const Parsed*> at(base::UnixNanos tick) {
    if (tick != tick_ || tick == 0) refresh(tick);
    if (failure_) return pass(*failure_);
    return &parsed_;
  }

 private:
  void refresh(base::UnixNanos tick) {
    tick_ = tick;
    auto body = file_.read();
    if (body) {
      failure_.reset();
      parse_(*body, parsed_);
    } else {
      failure_ = std::move(body.error());
    }
  }

  KeptFile file_;
  Parse parse_;
  base::UnixNanos tick_ = 0;
  std::optional<Error> failure_;
  Parsed parsed_;
};

}  // namespace edgehaul::host
