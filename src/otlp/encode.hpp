// SPDX-License-Identifier: Apache-2.0
// Batches of our own samples as OTLP: one ResourceMetrics per resource, one ScopeMetrics per
// source, one Metric per name with all its points. Keeps its arena between calls; belongs to one
// thread.
#pragma once

#include <memory>
#include <string>

#include "metric/batch.hpp"

namespace edgehaul::otlp {

class Encoder {
 public:
  // `version` goes into every scope.
  explicit Encoder(std::string version);
  ~Encoder();

  // One serialized ExportMetricsServiceRequest; empty when the batch has no points.
  std::string encode(const metric::Batch& batch, const metric::Attributes& host);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// "edgehaul/host/cpu" for Def::source "cpu", "edgehaul/container" for "container".
std::string scope_name(const metric::Def& def);

}  // namespace edgehaul::otlp
