// SPDX-License-Identifier: Apache-2.0
// OTLP/JSON for people and tools: what `sample --otlp` and `spool show` print (OTLP specification,
// JSON Protobuf Encoding). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "metric/batch.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::otlp {

// One batch as an ExportMetricsServiceRequest in JSON, on one line.
std::string to_json(const metric::Batch& batch, const metric::Attributes& host,
                    const std::string& version);

// A serialized request as JSON, on one line. Unknown fields are left out. Bytes that inspect()
// refuses are refused in the same words; profiles are Errc::invalid.
Result<std::string> request_to_json(Signal signal, std::string_view request);

}  // namespace edgehaul::otlp
