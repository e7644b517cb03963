// SPDX-License-Identifier: Apache-2.0
// Looking into serialized Export…ServiceRequests by walking the wire, without building objects:
// validate and count, split at record boundaries. Merging is concatenation (never for profiles).
// Untrusted bytes are fine. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::otlp {

struct Inspection {
  std::uint64_t items = 0;  // data points, log records, spans; profiles: profiles
};

// Well-formed down to the items, UTF-8 where proto3 demands it, nesting bounded. The error says
// where: "resource_metrics[0].scope_metrics[2].metrics[5].name: not UTF-8".
Result<Inspection> inspect(Signal signal, std::string_view request);

// Some of a request's items as a request of their own.
struct Piece {
  std::string bytes;
  std::uint64_t items = 0;

  bool operator==(const Piece&) const = default;
};

// Cuts one request into two of about equal items along resource, scope, metric or item boundaries,
// repeating resource, scope and metric headers; unknown fields stay with the first. A request of
// one item (or of profiles) cannot be cut: Errc::invalid.
struct Halves {
  Piece first;
  Piece second;
};
Result<Halves> halve(Signal signal, std::string_view request);

// Items of a request by their place in it, from 0: those from `low` up to but not with `high`.
struct ItemRange {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

// The part that holds the items of `ranges` (ascending, neither empty nor overlapping) of a request
// of `items` items, as halve() would cut it. The request has been inspected; not for profiles.
std::string slice(Signal signal, std::string_view request, std::span<const ItemRange> ranges,
                  std::uint64_t items);

// Pieces of at most `max_bytes` each, in order; a single item larger than that stays whole.
Result<std::vector<Piece>> split(Signal signal, std::string_view request, std::size_t max_bytes);

}  // namespace edgehaul::otlp
