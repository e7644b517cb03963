// SPDX-License-Identifier: Apache-2.0
// The header block of an answer as it goes on the wire. Pure.
#pragma once

#include <string>

#include "http/server.hpp"

namespace edgehaul::http {

// Control characters in names and values are dropped, so that no answer can grow lines. Answers to
// HEAD carry the length that GET would have; 204 and 304 carry none.
std::string encode_response_head(const ServerResponse& response, bool keep_alive);

// 204 and 304 have no body whatever the handler said.
bool may_have_body(int status);

}  // namespace edgehaul::http
