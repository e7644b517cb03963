// SPDX-License-Identifier: Apache-2.0
// A batch as text for people: one line per point, `name{attributes} value unit`. Pure.
#pragma once

#include <string>

#include "metric/batch.hpp"

namespace edgehaul::cli {

// First a '#' line with the resource, then the points in the order of the batch. Points of another
// resource than the host end with "[key=value …]".
std::string sample_text(const metric::Batch& batch, const metric::Attributes& host);

}  // namespace edgehaul::cli
