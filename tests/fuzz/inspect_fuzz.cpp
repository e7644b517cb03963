// SPDX-License-Identifier: Apache-2.0
// Bytes of strangers through the wire walker, the cutter and the JSON view. The first
// byte chooses the signal. Built for libFuzzer, or with corpus_main.cpp as an ordinary test.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "otlp/json_view.hpp"
#include "otlp/request.hpp"

using namespace edgehaul;
using fuzz::require;
using otlp::Signal;

namespace {

std::uint64_t items(Signal signal, std::string_view request) {
  const auto seen = otlp::inspect(signal, request);
  require(seen.has_value());
  return seen->items;
}

void cut(Signal signal, std::string_view request, std::uint64_t all) {
  const auto halves = otlp::halve(signal, request);
  require(halves.has_value() == (all >= 2 && signal != Signal::profiles));
  if (halves) {
    require(items(signal, halves->first.bytes) == all / 2);
    require(items(signal, halves->second.bytes) == all - all / 2);
  }
  const auto pieces = otlp::split(signal, request, request.size() / 3 + 1);
  require(pieces.has_value());
  std::uint64_t together = 0;
  std::size_t bytes = 0;
  for (const otlp::Piece& piece : *pieces) {
    require(items(signal, piece.bytes) == piece.items);
    together += piece.items;
    bytes += piece.bytes.size();
  }
  require(together == all && bytes <= 4 * request.size());
  if (all < 3 || signal == Signal::profiles) return;
  const std::array<otlp::ItemRange, 2> ends{{{0, 1}, {all - 1, all}}};
  require(items(signal, otlp::slice(signal, request, ends, all)) == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 4 + 1);
  const std::string_view body = fuzz::view(data + 1, size - 1);
  const auto seen = otlp::inspect(signal, body);
  if (seen) {
    cut(signal, body, seen->items);
    require(items(signal, std::string(body).append(body)) == 2 * seen->items);
  } else {
    require(text::is_utf8(seen.error().message) && seen.error().message.size() < 8192);
  }
  const bool has_view = otlp::request_to_json(signal, body).has_value();
  require(has_view == (seen.has_value() && signal != Signal::profiles));
  return 0;
}
