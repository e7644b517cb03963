// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648 section 4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::base {

std::string base64_encode(std::string_view bytes, bool padded);
// Padded or not, standard alphabet.
Result<std::string> base64_decode(std::string_view coded);

}  // namespace edgehaul::base
