// SPDX-License-Identifier: Apache-2.0
// The key table and the metric catalogue as text: what the README, the man page and the sample file
// hold is printed here and compared by tests/checks/docs.py. Pure.
#pragma once

#include <string>

namespace edgehaul::config {

std::string describe_markdown();  // table of keys
std::string describe_man();       // the same for edgehaul.yaml(5), in man macros
std::string describe_sample();    // packaging/edgehaul.yaml: every default, commented out
std::string metrics_markdown();   // table of metrics

}  // namespace edgehaul::config
