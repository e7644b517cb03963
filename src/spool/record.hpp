// SPDX-License-Identifier: Apache-2.0
// What the spool keeps: OTLP request bytes with the little that must be known without decoding
// them. Plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/codec.hpp"

namespace edgehaul::spool {

// Ascending in the order of commits, never reused (AUTOINCREMENT); 0 is no record.
using RecordId = std::uint64_t;

enum class Signal : std::uint8_t { metrics = 1, logs = 2, traces = 3, profiles = 4 };

enum class Origin : std::uint8_t {
  own = 1,   // sampled on this host
  peer = 2,  // received from a peer
};

struct Batch;  // batch.hpp

struct NewRecord {
  Signal signal = Signal::metrics;
  Origin origin = Origin::own;
  base::UnixNanos time = 0;  // when it was sampled or received
  std::uint32_t items = 0;   // data points, log records or spans inside
  std::string body;          // one serialized Export…ServiceRequest, not compressed
  // Of which records of a sender the body is made; those stored already are not stored again, and
  // where nothing else is left append() answers 0. Null: nothing is known.
  std::shared_ptr<const Batch> batch = nullptr;
  // The body as it came, one gzip member or zstd frame, so that it need not be packed again.
  codec::Coded coded = {};
};

// What a lease gives. Where Wanted says so, `coded` stands for the body, which is empty then.
struct Record : NewRecord {
  RecordId id = 0;
  std::uint32_t size = 0;  // of the body before packing
};

}  // namespace edgehaul::spool
