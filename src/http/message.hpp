// SPDX-License-Identifier: Apache-2.0
// HTTP as plain values, for the client and the server. Header names are lower case.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgehaul::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first value of a header (name in lower case); empty when absent.
std::string_view header(const Headers& headers, std::string_view name);

}  // namespace edgehaul::http
