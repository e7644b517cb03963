// SPDX-License-Identifier: Apache-2.0
// Whether the clock is synchronised, as the kernel's clock discipline tells it (adjtimex(2), only
// looking). Collect thread.
#pragma once

#include <functional>

#include "base/roots.hpp"
#include "metric/source.hpp"

struct timex;

namespace edgehaul::host {

// Fills the structure and returns the clock state, or -1 with errno set.
using Adjtimex = std::function<int(timex& out)>;

// adjtimex(2) on a live host. Elsewhere the file "recorded/adjtimex" below the root answers: state,
// status, offset, freq, maxerror, esterror as decimal numbers; empty when there is none.
Adjtimex make_adjtimex(const base::Roots& roots);

class Time final : public metric::Source {
 public:
  explicit Time(Adjtimex adjtimex);
  std::string_view name() const override { return "time"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  Adjtimex adjtimex_;
};

}  // namespace edgehaul::host
