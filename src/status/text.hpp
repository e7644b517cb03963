// SPDX-License-Identifier: Apache-2.0
// GET /status as text for people: what is sampled, which sources fail and why, how much is spooled
// and for how long there is room, and for each destination what became of it. Pure; reads any
// document, also of another version, without failing.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

namespace edgehaul::status {

std::string render(const boost::json::value& document, bool with_colour);

}  // namespace edgehaul::status
