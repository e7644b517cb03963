// SPDX-License-Identifier: Apache-2.0
// Texts for people: what strangers said made fit for a log line, and endpoints without secrets.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "forward/options.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::forward {

// Valid UTF-8 on one line, blanks run together, at most `limit` bytes (cut with "…").
std::string tidy(std::string_view text, std::size_t limit = 300);

// An endpoint without user info, query and fragment.
std::string shown_endpoint(std::string_view url);

// "POST https://gw:4318/v1/metrics", "gRPC https://gw:4317 metrics".
std::string shown_target(const Destination& destination, otlp::Signal signal);

// Servers echo credentials at times: header values become "***", whole and without their scheme.
std::string without_secrets(std::string text, const Destination& destination);

// What people should know of a server's word about items that it refused; empty when it speaks for
// itself. OpenObserve says "Too old data, …".
std::string_view explain_refusal(std::string_view words);

// The same words but for numbers: "too old by 17 s" and "too old by 18 s" are one message.
std::string without_numbers(std::string_view text);

}  // namespace edgehaul::forward
