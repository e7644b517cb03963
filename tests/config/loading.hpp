// SPDX-License-Identifier: Apache-2.0
// A configuration folder in a test, and what loading it says. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "config/report.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::config::test {

struct Case {
  edgehaul::test::TempDir dir;
  std::vector<std::string> sets;
  std::map<std::string, std::string> variables;
  bool is_strict = true;

  explicit Case(std::string_view yaml = {}) {
    if (!yaml.empty()) dir.write("edgehaul.yaml", yaml);
  }

  Loaded load() const {
    Request request;
    request.file = dir.at("edgehaul.yaml");
    request.sets = sets;
    request.is_strict = is_strict;
    request.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return config::load(request);
  }

  // Faults as lines, with the folder's name taken off; notes left out.
  std::string faults() const { return faults_from(Severity::warning); }
  std::string faults_from(Severity least) const {
    std::string text = report(load().faults, least);
    const std::string prefix = dir.path() + "/";
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }
};

}  // namespace edgehaul::config::test
