// SPDX-License-Identifier: Apache-2.0
// The JSON half of answer.hpp. Inside the room only. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "otlp/answer.hpp"

namespace edgehaul::otlp::answer_json {

Result<PartialSuccess> parse_success(Signal signal, std::string_view body);
Result<Status> parse_status(std::string_view body);
std::string make_success(Signal signal, const PartialSuccess& partial);
std::string make_status(const Status& status);

}  // namespace edgehaul::otlp::answer_json
