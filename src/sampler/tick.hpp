// SPDX-License-Identifier: Apache-2.0
// One tick without its thread: run the sources over a batch, time each, keep sequences honest,
// encode. `sample` uses it directly, the Sampler in a loop. Belongs to one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "metric/batch.hpp"
#include "metric/selection.hpp"
#include "metric/sequence.hpp"
#include "metric/source.hpp"
#include "metric/value.hpp"
#include "otlp/encode.hpp"

namespace edgehaul::sampler {

enum class SourceState : std::uint8_t { unread, good, absent, failing };

struct SourceStats {
  std::string name;
  SourceState state = SourceState::unread;
  std::string error;  // of the last failure or why it is absent
  base::UnixNanos last_success = 0;
  std::chrono::nanoseconds duration{0};  // of the last read
  std::uint64_t points = 0;              // of the last read
  std::uint64_t failures = 0;
};

class Tick {
 public:
  Tick(metric::Sources sources, const metric::Selection& selection, metric::Attributes host,
       const std::string& version);

  // Reads all sources into batch(). `boot` is the start of sums that count since boot.
  void run(const base::Clock& clock, base::UnixNanos now, base::UnixNanos boot);
  // The batch as one OTLP request; empty when it has no points.
  std::string encode() { return encoder_.encode(batch_, host_); }

  // New resource attributes, between two runs.
  void rename(metric::Attributes host) { host_ = std::move(host); }
  void replace(metric::Sources sources, const metric::Selection& selection,
               metric::Attributes host);
  const metric::Batch& batch() const { return batch_; }
  const metric::Attributes& host() const { return host_; }
  const std::vector<SourceStats>& sources() const { return stats_; }
  metric::Sequences& sequences() { return sequences_; }
  bool sequences_changed() const { return sequences_changed_; }

 private:
  void read(metric::Source& source, SourceStats& stats, const base::Clock& clock);
  void report(const SourceStats& stats);

  metric::Sources sources_;
  metric::Selection selection_;
  metric::Attributes host_;
  otlp::Encoder encoder_;
  metric::Batch batch_;
  metric::Sequences sequences_;
  std::vector<SourceStats> stats_;
  bool sequences_changed_ = false;
};

}  // namespace edgehaul::sampler
