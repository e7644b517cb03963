// SPDX-License-Identifier: Apache-2.0
// Builds the HTTP or gRPC request for a serialized Export…ServiceRequest. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/codec.hpp"
#include "base/result.hpp"
#include "forward/options.hpp"
#include "http/client.hpp"
#include "otlp/signal.hpp"

namespace edgehaul::forward {

// "http://host:4318/base" and "/v1/metrics" → "http://host:4318/base/v1/metrics"; a query stays
// last.
std::string request_url(std::string_view endpoint, std::string_view path);

// Wraps `body`, compressed as the destination has it unless it lies so already (`coding`). The
// operator's headers replace ours of the same name, but for those that say what the body is.
Result<http::ClientRequest> compose(const Destination& destination, otlp::Signal signal,
                                    std::string_view body,
                                    codec::Coding coding = codec::Coding::identity);

}  // namespace edgehaul::forward
