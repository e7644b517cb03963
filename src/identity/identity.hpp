// SPDX-License-Identifier: Apache-2.0
// Who speaks: the resource attributes of everything that this host samples. Made of what the host's
// files say, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, and the configuration, each beating
// the one before (OpenTelemetry specification, resource SDK). Pure but for reading files below
// `roots`.
#pragma once

#include <string>
#include <vector>

#include "base/roots.hpp"
#include "identity/options.hpp"
#include "metric/value.hpp"

namespace edgehaul::identity {

struct Identity {
  metric::Attributes attributes;   // on the resource of every sample
  metric::Attributes details;      // known too, but carried by edgehaul.host.info only
  std::vector<std::string> notes;  // what was ignored and why, in words, for the log and `sample`
};

Identity resolve(const base::Roots& roots, const Options& options);

}  // namespace edgehaul::identity
