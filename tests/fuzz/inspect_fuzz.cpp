// SPDX-License-Identifier: Apache-2.0
// Bytes of strangers through the wire walker, the cutter, the JSON view and the answer parsers. The
// first byte chooses the signal. Built for libFuzzer, or with corpus_main.cpp as an ordinary test.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "otlp/answer.hpp"
#include "otlp/json_view.hpp"
#include "otlp/request.hpp"

using namespace edgehaul;
using otlp::Signal;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::uint64_t items(Signal signal, std::string_view request) {
  const auto seen = otlp::inspect(signal, request);
  require(seen.has_value());
  return seen->items;
}

void cut(Signal signal, std::string_view request, std::uint64_t all) {
  const auto halves = otlp::halve(signal, request);
  require(halves.has_value() == (all >= 2 && signal != Signal::profiles));
  if (halves) {
    require(items(signal, halves->first) == all / 2);
    require(items(signal, halves->second) == all - all / 2);
  }
  const auto pieces = otlp::split(signal, request, request.size() / 3 + 1);
  require(pieces.has_value());
  std::uint64_t together = 0;
  std::size_t bytes = 0;
  for (const std::string& piece : *pieces) {
    together += items(signal, piece);
    bytes += piece.size();
  }
  require(together == all && bytes <= 4 * request.size());
}

void answers(Signal signal, std::string_view body) {
  for (const bool is_json : {false, true}) {
    if (const auto partial = otlp::parse_success(signal, body, is_json)) {
      require(partial->rejected >= 0 && text::is_utf8(partial->message));
      const std::string made = otlp::make_success(signal, *partial, is_json);
      require(otlp::parse_success(signal, made, is_json).value().message == partial->message);
    }
    if (const auto status = otlp::parse_status(body, is_json)) {
      require(text::is_utf8(status->message));
      const std::string made = otlp::make_status(*status, is_json);
      require(otlp::parse_status(made, is_json).value().retry_delay == status->retry_delay);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 4 + 1);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto seen = otlp::inspect(signal, body);
  if (seen) {
    cut(signal, body, seen->items);
    require(items(signal, std::string(body).append(body)) == 2 * seen->items);
  } else {
    require(text::is_utf8(seen.error().message) && seen.error().message.size() < 8192);
  }
  const bool has_view = otlp::request_to_json(signal, body).has_value();
  require(has_view == (seen.has_value() && signal != Signal::profiles));
  answers(signal, body);
  return 0;
}
