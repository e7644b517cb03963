// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include <cstdio>

#include <fmt/core.h>

#include "config/report.hpp"

namespace edgehaul::cli {

config::Request request_of(const Args& args) {
  config::Request request;
  if (const auto file = args.value("--config")) {
    request.file = *file;
    request.is_file_required = true;
  }
  request.sets = args.all("--set");
  return request;
}

bool report_faults(std::string_view command, const config::Loaded& loaded) {
  fmt::print(stderr, "{}", config::report(loaded.faults, config::Severity::warning));
  if (loaded.ok()) return true;
  fmt::print(stderr, "edgehaul {}: the configuration has {}\n", command,
             config::summary(loaded.faults));
  return false;
}

}  // namespace edgehaul::cli
