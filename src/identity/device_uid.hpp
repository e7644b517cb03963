// SPDX-License-Identifier: Apache-2.0
// The id under which Palette knows an edge host, found as its agent finds it. Inside the room only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/roots.hpp"
#include "identity/draft.hpp"
#include "identity/user_data.hpp"

namespace edgehaul::identity {

// site.name, else site.prefix and the first of site.deviceUIDPaths that holds an id; empty with a
// note where the agent would have drawn a random one.
std::string edge_host_id(const base::Roots& roots, const UserData& data, Draft& draft);

// The first match of a POSIX extended expression, which is what most RE2 patterns of user-data are
// too. Patterns that could take long or that mean something else there are refused.
Result<std::string> first_match(const std::string& pattern, const std::string& text);

}  // namespace edgehaul::identity
