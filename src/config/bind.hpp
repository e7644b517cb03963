// SPDX-License-Identifier: Apache-2.0
// A merged tree laid upon the defaults through the key table. Every fault is collected; what is
// right takes effect. Pure but for references in values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/expand.hpp"
#include "config/fault.hpp"
#include "config/keys.hpp"
#include "config/tree.hpp"

namespace edgehaul::config {

// Where a key was written, and what: as in the file, before references; empty for secrets.
struct Place {
  Where where;
  std::string written;
};

// By path: "forward[0].tls.ca_file".
using Places = std::map<std::string, Place, std::less<>>;

struct Bound {
  Config config;
  std::vector<Draft> drafts;  // one per destination
  Places places;
};

// `unknown` is the severity of keys and metrics that this version does not have.
Bound bind_tree(const Node& root, const Environment& environment, Severity unknown, Faults& faults);

}  // namespace edgehaul::config
