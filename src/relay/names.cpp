// SPDX-License-Identifier: Apache-2.0
#include "relay/names.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "otlp/request.hpp"

namespace edgehaul::relay {

namespace {

constexpr std::size_t kMaxPeer = 128;

std::string cut(otlp::Signal signal, const spool::Slice& slice, std::string_view bytes,
                const spool::IdSet& places) {
  std::vector<otlp::ItemRange> ranges;
  for (const spool::IdRange& range : places.ranges())
    ranges.push_back({range.first - slice.from, range.last + 1 - slice.from});
  return otlp::slice(signal, bytes, ranges, slice.items);
}

// Counts the items of a whole record; those of a piece must be as many as its name says, or what is
// stored could be taken for what is not.
bool count_items(otlp::Signal signal, std::string_view bytes, spool::Slice& slice) {
  const auto inspection = otlp::inspect(signal, bytes);
  if (!inspection) return false;
  if (slice.is_piece()) {
    return signal != otlp::Signal::profiles && inspection->items == slice.items;
  }
  slice.items = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(inspection->items, std::numeric_limits<std::uint32_t>::max()));
  return true;
}

// The items [low, high) of a slice that has more.
spool::Slice cut_slice(otlp::Signal signal, const spool::Slice& slice, std::string_view bytes,
                       const otlp::ItemRange& range, std::string& out) {
  const std::string piece = otlp::slice(signal, bytes, {&range, 1}, slice.items);
  out += piece;
  return {slice.id, static_cast<std::uint32_t>(piece.size()),
          static_cast<std::uint32_t>(range.high - range.low),
          static_cast<std::uint32_t>(slice.from + range.low), slice.record_items()};
}

}  // namespace

std::shared_ptr<const spool::Batch> read_names(otlp::Signal signal, std::string_view request,
                                               std::string_view header, std::string_view peer) {
  if (header.empty()) return nullptr;
  auto batch = spool::parse_batch(header);
  if (!batch || batch->bytes() != request.size()) return nullptr;
  for (spool::Run& run : batch->runs) {
    for (spool::Slice& slice : run.slices) {
      if (!count_items(signal, request.substr(0, slice.length), slice)) return nullptr;
      request.remove_prefix(slice.length);
    }
  }
  batch->peer = text::to_utf8(peer.substr(0, kMaxPeer));
  batch->cut = [signal](const spool::Slice& slice, std::string_view bytes,
                        const spool::IdSet& places) { return cut(signal, slice, bytes, places); };
  return std::make_shared<const spool::Batch>(std::move(*batch));
}

std::uint64_t items_of(const spool::Batch& batch) {
  std::uint64_t sum = 0;
  for (const spool::Run& run : batch.runs) {
    for (const spool::Slice& slice : run.slices)
      sum += slice.items;
  }
  return sum;
}

NamedPart part_of(otlp::Signal signal, std::string_view request, const spool::Batch& batch,
                  std::uint64_t low, std::uint64_t high) {
  NamedPart part;
  spool::Batch names{batch.installation, {}, batch.peer, batch.cut};
  const bool is_last = high == items_of(batch);
  std::uint64_t base = 0;  // items before the slice
  for (const spool::Run& run : batch.runs) {
    spool::Run here{run.nonce, run.first, {}};
    for (const spool::Slice& slice : run.slices) {
      const std::string_view bytes = request.substr(0, slice.length);
      const std::uint64_t end = base + slice.items;
      const otlp::ItemRange inside{std::max(low, base), std::min(high, end)};
      // Without items it goes with the one behind it.
      const bool is_empty_here = slice.items == 0 && base >= low && (base < high || is_last);
      if (is_empty_here || (inside.low == base && inside.high == end && slice.items > 0)) {
        part.bytes += bytes;
        here.slices.push_back(slice);
      } else if (inside.low < inside.high) {
        here.slices.push_back(
            cut_slice(signal, slice, bytes, {inside.low - base, inside.high - base}, part.bytes));
      }
      base = end;
      request.remove_prefix(slice.length);
    }
    if (!here.slices.empty()) names.runs.push_back(std::move(here));
  }
  part.batch = std::make_shared<const spool::Batch>(std::move(names));
  return part;
}

}  // namespace edgehaul::relay
