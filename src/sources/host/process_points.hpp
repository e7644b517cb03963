// SPDX-License-Identifier: Apache-2.0
// The points of one process: all of them carry its resource and, as their start, the moment at
// which it was created. Lives for one process of one tick.
#pragma once

#include <cstdint>
#include <optional>

#include "metric/batch.hpp"

namespace edgehaul::host {

class ProcessPoints {
 public:
  ProcessPoints(metric::Batch& batch, metric::ResourceRef resource, base::UnixNanos start)
      : batch_(batch), resource_(resource), start_(start) {}

  bool wants(metric::Id id) const { return batch_.wants(id); }
  void add(metric::Id id, std::uint64_t value) { add_integer(id, value, {}); }
  void add(metric::Id id, std::uint64_t value, const metric::Attr& attr) {
    add_integer(id, value, metric::Attrs(&attr, 1));
  }
  void add_known(metric::Id id, std::optional<std::uint64_t> value, const metric::Attr& attr) {
    if (value) add(id, *value, attr);
  }
  void add(metric::Id id, double value) { batch_.add_real(id, value, {}, resource_, start_, 0); }
  void add(metric::Id id, double value, const metric::Attr& attr) {
    batch_.add_real(id, value, metric::Attrs(&attr, 1), resource_, start_, 0);
  }

 private:
  void add_integer(metric::Id id, std::uint64_t value, metric::Attrs attrs) {
    constexpr auto kMost = static_cast<std::uint64_t>(INT64_MAX);
    batch_.add_integer(id, static_cast<std::int64_t>(value > kMost ? kMost : value), attrs,
                       resource_, start_, 0);
  }

  metric::Batch& batch_;
  metric::ResourceRef resource_;
  base::UnixNanos start_;
};

}  // namespace edgehaul::host
