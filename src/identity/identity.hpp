// SPDX-License-Identifier: Apache-2.0
// Who speaks: the resource attributes of everything that this host samples. Made of what the host's
// files say, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, and the configuration, each beating
// the one before (OpenTelemetry specification, resource SDK). Pure but for reading files below
// `roots`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/roots.hpp"
#include "metric/value.hpp"

namespace edgehaul::identity {

struct Options {
  // `resource:` of the configuration, in order; beats everything.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string environment_attributes;  // value of OTEL_RESOURCE_ATTRIBUTES
  std::string environment_service;     // value of OTEL_SERVICE_NAME
  std::string version;                 // service.version
  std::string instance_id;             // service.instance.id
};

struct Identity {
  metric::Attributes attributes;
  std::vector<std::string> notes;  // what was ignored and why, in words, for the log and `check`
};

Identity resolve(const base::Roots& roots, const Options& options);

}  // namespace edgehaul::identity
