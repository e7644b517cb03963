// SPDX-License-Identifier: Apache-2.0
// What `run`, `check` and `sample` share: --config and --set, and how faults are told. Main thread.
#pragma once

#include <array>
#include <string_view>

#include "cli/args.hpp"
#include "config/load.hpp"

namespace edgehaul::cli {

inline constexpr OptionSpec kConfigOption{"--config", "FILE",
                                          "configuration (default /etc/edgehaul/edgehaul.yaml)"};
inline constexpr OptionSpec kSetOption{"--set", "KEY=VALUE",
                                       "overrides a key, such as collect.interval=30s; repeatable"};

config::Request request_of(const Args& args);

// Writes warnings and errors to stderr. True when the configuration can be used.
bool report_faults(std::string_view command, const config::Loaded& loaded);

}  // namespace edgehaul::cli
