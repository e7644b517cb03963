// SPDX-License-Identifier: Apache-2.0
// The certificate authorities that the host trusts, found at run time: one binary serves every
// distribution. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace edgehaul::http {

// The first readable bundle of the usual paths below `root` ("" for /); empty when there is none.
std::string find_ca_bundle(std::string_view root = {});

}  // namespace edgehaul::http
