// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "cli/command.hpp"

// Only what the system refuses comes as an exception: memory, and threads (TasksMax=, filters).
int main(int argc, char** argv) {
  try {
    return edgehaul::cli::main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "edgehaul: the system refused what it needs to run: %s\n", error.what());
    return 1;
  }
}
