// SPDX-License-Identifier: Apache-2.0
// What strangers say of which records their requests are made of, and the rows that senders leave
// in the spool. The input is a byte for the signal, the header or row, an empty line, then the
// body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "otlp/request.hpp"
#include "relay/names.hpp"
#include "spool/senders.hpp"

using namespace edgehaul;
using fuzz::require;
using otlp::Signal;

namespace {

constexpr std::string_view kRow = ".sender.x/y";

std::uint64_t items(Signal signal, std::string_view request) {
  const auto seen = otlp::inspect(signal, request);
  require(seen.has_value());
  return seen->items;
}

// What is cut off a slice is what is not left of it.
void cut(Signal signal, const spool::Batch& batch, std::string_view body) {
  if (signal == Signal::profiles) return;
  for (const spool::Run& run : batch.runs) {
    for (const spool::Slice& slice : run.slices) {
      const std::string_view bytes = body.substr(0, slice.length);
      require(items(signal, bytes) == slice.items);
      body.remove_prefix(slice.length);
      if (slice.items < 2) continue;
      spool::IdSet rest = spool::places_of(slice);
      rest.remove(slice.from + slice.items / 2, slice.from + slice.items / 2);
      require(items(signal, batch.cut(slice, bytes, rest)) == slice.items - 1);
    }
  }
  require(body.empty());
}

void read(Signal signal, std::string_view header, std::string_view body) {
  if (const auto parsed = spool::parse_batch(header)) {
    const std::string written = spool::format_batch(*parsed);
    require(written.empty() || spool::parse_batch(written)->runs == parsed->runs);
  }
  const auto batch = relay::read_names(signal, body, header, "peer");
  if (!batch) return;
  cut(signal, *batch, body);
  const std::uint64_t all = relay::items_of(*batch);
  require(all == items(signal, body));
  if (all < 2 || signal == Signal::profiles) return;
  for (const bool is_second : {false, true}) {
    const std::uint64_t low = is_second ? all / 2 : 0;
    const std::uint64_t high = is_second ? all : all / 2;
    const auto part = relay::part_of(signal, body, *batch, low, high);
    require(part.batch->bytes() == part.bytes.size());
    require(items(signal, part.bytes) == high - low);
  }
}

// A row comes back as it was, whatever is read of it.
void restore(std::string_view row) {
  spool::Senders first;
  first.restore(kRow, row);
  first.all_owed();
  const auto written = first.owed();
  if (written.empty()) return;
  spool::Senders second;
  second.restore(kRow, written.begin()->second);
  second.all_owed();
  require(second.owed() == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 4 + 1);
  const std::string_view input = fuzz::view(data + 1, size - 1);
  const std::size_t end = std::min(input.find("\n\n"), input.size());
  const std::string_view head = input.substr(0, end);
  read(signal, head, input.substr(std::min(end + 2, input.size())));
  restore(head);
  return 0;
}
