// SPDX-License-Identifier: Apache-2.0
// The names of the records that an edgehaul's request is made of (spool/batch.hpp), checked against
// the request's bytes, also where it is cut into several records here. Untrusted text and bytes are
// fine. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "otlp/signal.hpp"
#include "spool/batch.hpp"

namespace edgehaul::relay {

// `header` is spool::kBatchHeader as it came, `peer` whom it came from. Every slice of the answer
// is a request by itself and has its items counted. Null where nothing is said, and where what is
// said does not fit the request: it is then taken as one without names.
std::shared_ptr<const spool::Batch> read_names(otlp::Signal signal, std::string_view request,
                                               std::string_view header, std::string_view peer);

// Of all slices together.
std::uint64_t items_of(const spool::Batch& batch);

struct NamedPart {
  std::string bytes;
  std::shared_ptr<const spool::Batch> batch;
};
// The items [low, high) of a request and their names. `batch` is what read_names() said of it.
NamedPart part_of(otlp::Signal signal, std::string_view request, const spool::Batch& batch,
                  std::uint64_t low, std::uint64_t high);

}  // namespace edgehaul::relay
