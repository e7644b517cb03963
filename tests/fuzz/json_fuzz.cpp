// SPDX-License-Identifier: Apache-2.0
// JSON of strangers through the transcoder. What it takes must read back as the same document, and
// never be larger than allowed. The first byte chooses the signal and the limit.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "otlp/json_request.hpp"
#include "otlp/json_view.hpp"
#include "otlp/request.hpp"

using namespace edgehaul;
using fuzz::require;
using otlp::Signal;

namespace {

constexpr std::size_t kPlenty = 1 << 20;
constexpr std::size_t kLittle = 64;

void read_back(Signal signal, std::string_view request) {
  // What JSON can say and the walker refuses: too deep, two kinds of data in one metric.
  const auto seen = otlp::inspect(signal, request);
  if (!seen) return;
  const auto shown = otlp::request_to_json(signal, request);
  require(shown.has_value());
  const auto again = otlp::from_json(signal, *shown, 16 * kPlenty);
  require(again.has_value());
  require(otlp::inspect(signal, *again).value().items == seen->items);
  require(otlp::request_to_json(signal, *again).value() == *shown);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 3 + 1);
  const std::size_t limit = (data[0] & 0x80) != 0 ? kLittle : kPlenty;
  const std::string_view json = fuzz::view(data + 1, size - 1);
  const auto request = otlp::from_json(signal, json, limit);
  if (request) {
    require(request->size() <= limit);
    read_back(signal, *request);
  } else {
    require(text::is_utf8(request.error().message) && request.error().message.size() < 8192);
  }
  return 0;
}
