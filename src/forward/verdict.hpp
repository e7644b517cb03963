// SPDX-License-Identifier: Apache-2.0
// What an answer means for the records that were sent: the OTLP specification's rules, with the
// departures that keep data instead of dropping it (README.md lists them). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "grpc/call.hpp"
#include "http/client.hpp"
#include "otlp/answer.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::forward {

enum class Kind : std::uint8_t {
  delivered,  // the destination has it, perhaps but for `partial`
  retry,      // a passing trouble: the same again after a back-off, without end
  doubtful,   // may pass (500, INTERNAL) or may be the fault of one record: some tries, then bisect
  hold,       // the destination or our configuration is wrong, not the data: keep it, try slowly
  split,      // too large: the same in smaller requests
  reject,     // the content is refused for good: bisect, set the guilty record aside
};

struct Verdict {
  Kind kind = Kind::retry;
  std::string words;  // "503 Service Unavailable: queue is full"; tidy, one line, bounded
  std::optional<std::chrono::milliseconds> hint;  // Retry-After, RetryInfo
  otlp::PartialSuccess partial;                   // delivered
  bool is_odd = false;                            // delivered, but the answer's body is not OTLP
  bool is_of_signal = false;       // hold: other signals may fare better (404, UNIMPLEMENTED)
  bool is_size_suspected = false;  // doubtful: smaller requests may pass
  bool is_slow = false;            // retry: the time ran out, smaller requests may pass
};

Verdict judge_http(otlp::Signal signal, const http::ClientResponse& response, base::UnixNanos now);
Verdict judge_grpc(otlp::Signal signal, const http::ClientResponse& response,
                   const grpc::Answer& answer, base::UnixNanos now);
// The exchange itself failed.
Verdict judge_failure(const Error& error);

// One row of the tables each, without looking at bodies.
Kind kind_of_status(int status);
Kind kind_of_code(grpc::Code code);
std::string status_words(int status);  // "503 Service Unavailable"

// Whether a server's words blame the size of the request, as those do that have no code for it.
bool blames_size(std::string_view words);

}  // namespace edgehaul::forward
