// SPDX-License-Identifier: Apache-2.0
// Source: edgehaul.host.info, one gauge that is always 1 and carries what is known of this host
// but is not on every sample. Collect thread.
#pragma once

#include <memory>
#include <string_view>

#include "identity/watch.hpp"
#include "metric/source.hpp"

namespace edgehaul::identity {

class InfoSource : public metric::Source {
 public:
  explicit InfoSource(std::shared_ptr<const Watch> watch) : watch_(std::move(watch)) {}

  std::string_view name() const override { return "identity"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  const std::shared_ptr<const Watch> watch_;
  Watch::Shared shown_;  // the batch's keys are views into it until the next tick
};

}  // namespace edgehaul::identity
