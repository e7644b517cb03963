// SPDX-License-Identifier: Apache-2.0
// Catalogue rows: what edgehaul says about its own sampling.
#pragma once

#include "metric/def.hpp"

namespace edgehaul::metric {

inline constexpr auto kSelfRows = std::to_array<Def>({
    {"edgehaul.source.success", "1",
     "1 when the source could be read at this tick, 0 when it failed.", Kind::gauge,
     Number::integer, true, "self", "source", "the sampler"},
    {"edgehaul.source.duration", "s", "Time that reading the source took at this tick.",
     Kind::gauge, Number::real, true, "self", "source", "the sampler"},
    {"edgehaul.host.info", "1",
     "Always 1; its attributes say what is known of the host beyond what every sample carries.",
     Kind::gauge, Number::integer, true, "identity", "see resource attributes",
     "see resource attributes"},
});

}  // namespace edgehaul::metric
