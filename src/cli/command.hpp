// SPDX-License-Identifier: Apache-2.0
// The subcommands: one file each, one row each in cli.cpp's table. Main thread.
#pragma once

#include <span>
#include <string_view>

#include "cli/args.hpp"

namespace edgehaul::cli {

// Exit codes: 78 is EX_CONFIG of sysexits.h, which systemd shows as CONFIG.
inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;
inline constexpr int kConfiguration = 78;

using Words = std::span<const std::string_view>;

int run(Words words);
int check(Words words);
int sample(Words words);
int status(Words words);
int spool(Words words);
int kubelet_rbac(Words words);
int docs(Words words);

// argv → subcommand → exit code.
int main(int argc, char** argv);

// Prints "edgehaul COMMAND: what" to stderr.
void complain(std::string_view command, std::string_view what);

// Parses `words`; on a fault (or --help) prints what to print and returns the exit code instead.
struct Parsed {
  Args args;
  int exit_code = -1;  // ≥ 0: stop with it
};
Parsed parse(std::string_view command, std::string_view synopsis, Words words,
             std::span<const OptionSpec> options);

// Writes all of `text` to stdout; false when the reader is gone or the disk is full.
bool print(std::string_view text);

}  // namespace edgehaul::cli
