// SPDX-License-Identifier: Apache-2.0
// What forwarding tells about each destination; a plain copy for status.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace edgehaul::forward {

enum class State : std::uint8_t {
  idle,         // everything delivered
  sending,      // requests succeed
  backing_off,  // a retryable failure: next try at next_try
  held,  // the destination or its configuration refuses (401, 403, 404…): data kept, slow tries
};

struct DestinationStats {
  std::string name;
  std::string endpoint;     // without user info
  std::string protocol;     // "grpc" | "http"
  std::string compression;  // "gzip"
  State state = State::idle;
  std::uint64_t delivered_records = 0;
  std::uint64_t delivered_items = 0;
  std::uint64_t delivered_bytes = 0;  // uncompressed
  std::uint64_t wire_bytes = 0;       // request bodies as sent
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;           // requests that had to be repeated
  std::uint64_t rejected_records = 0;  // set aside
  std::uint64_t rejected_items = 0;    // by partial_success
  base::UnixNanos last_success = 0;    // 0: never
  std::string last_error;              // in words; kept after recovery, with its time
  base::UnixNanos last_error_time = 0;
  base::UnixNanos next_try = 0;      // 0: not waiting
  bool is_behind = false;            // fresh records go first, a backlog drains behind them
  base::UnixNanos backlog_next = 0;  // the backlog waits until then: pace or window; 0: it does not
  std::uint64_t too_old_kept = 0;    // records withheld for their age and set aside
  std::uint64_t too_old_dropped = 0;  // records
};

}  // namespace edgehaul::forward
