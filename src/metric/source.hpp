// SPDX-License-Identifier: Apache-2.0
// The interface of everything that is sampled. A source belongs to the collect thread, keeps its
// own buffers and descriptors between ticks, and takes its roots and clock as constructor
// arguments.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "metric/batch.hpp"

namespace edgehaul::metric {

class Source {
 public:
  virtual ~Source() = default;

  // Short and stable: "cpu", "disk"; equals Def::source of the metrics it adds.
  virtual std::string_view name() const = 0;

  // Adds this tick's points. Points added before an error stay: a source that can read half says so
  // in its error and delivers the half. Errc::absent means "nothing of that kind on this host" and
  // is no failure. Must not block: anything that may hang has its own helper and deadline.
  virtual Result<void> read(Batch& batch) = 0;
};

using Sources = std::vector<std::unique_ptr<Source>>;

}  // namespace edgehaul::metric
