// SPDX-License-Identifier: Apache-2.0
// The configuration as a whole: built-in defaults, the file, its drop-ins in order of their names,
// then `--set` overrides. Never throws and never stops at the first fault. Reads files; any thread.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/expand.hpp"
#include "config/fault.hpp"

namespace edgehaul::config {

struct Request {
  std::string file = kDefaultFile;  // drop-ins are *.yaml in conf.d beside it
  bool is_file_required = false;    // named by the operator: must exist
  std::vector<std::string> sets;    // "forward.0.endpoint=http://127.0.0.1:4318"
  bool is_strict = false;           // `check`: an unknown key is an error, not a warning
  Environment environment = process_environment;
};

struct Loaded {
  Config config;                   // to be used only when ok()
  Faults faults;                   // notes and warnings too, in the order of files and lines
  std::vector<std::string> files;  // what was read, in order

  bool ok() const;
};

inline constexpr std::size_t kMaxDropIns = 256;

Loaded load(const Request& request);

// Paths of the keys that differ, for the log of a reload and to see what a reload can take over;
// destinations by index ("forward[1].endpoint"), "forward" alone when their number differs.
std::vector<std::string> changed_keys(const Config& before, const Config& after);

}  // namespace edgehaul::config
