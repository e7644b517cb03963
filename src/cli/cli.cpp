// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/command.hpp"

namespace edgehaul::cli {

namespace {

struct Command {
  std::string_view name;
  std::string_view summary;  // empty: not listed
  int (*run)(Words);
};

int version(Words) {
  print(fmt::format("edgehaul {}\n", base::version()));
  return kOk;
}

constexpr std::array kCommands{
    Command{"run", "run as a service: sample, spool, forward", &run},
    Command{"check", "say everything that is wrong with the configuration", &check},
    Command{"sample", "take one sample and print it", &sample},
    Command{"status", "ask a running edgehaul how it fares", &status},
    Command{"spool", "look into a spool: ls, show, verify, export", &spool},
    Command{"kubelet-rbac", "print the manifest that lets edgehaul read the kubelet",
            &kubelet_rbac},
    Command{"version", "print the version", &version},
    Command{"docs", "", &docs},
};

std::string usage() {
  std::string text = "usage: edgehaul COMMAND [OPTION]…\n\n";
  for (const Command& command : kCommands) {
    if (!command.summary.empty())
      text += fmt::format("  {:<12} {}\n", command.name, command.summary);
  }
  return text + "\n'edgehaul COMMAND --help' tells more; edgehaul(8) tells all.\n";
}

int unknown(std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(std::size(kCommands));
  for (const Command& command : kCommands)
    names.push_back(command.name);
  const std::string_view near = text::nearest(name, names);
  std::string words = fmt::format("edgehaul: no command '{}'", name);
  if (!near.empty()) words += fmt::format("; did you mean {}?", near);
  fmt::print(stderr, "{}\n", words);
  return kUsage;
}

}  // namespace

void complain(std::string_view command, std::string_view what) {
  fmt::print(stderr, "edgehaul {}: {}\n", command, what);
}

Parsed parse(std::string_view command, std::string_view synopsis, Words words,
             std::span<const OptionSpec> options) {
  for (const std::string_view word : words) {
    if (word != "--help" && word != "-h") continue;
    std::string text = fmt::format("usage: edgehaul {} {}\n", command, synopsis);
    for (const OptionSpec& option : options) {
      text += fmt::format("  {:<22} {}\n", fmt::format("{} {}", option.name, option.value),
                          option.help);
    }
    print(text);
    return {{}, kOk};
  }
  auto args = Args::parse(words, options);
  if (!args) {
    complain(command, args.error().message);
    return {{}, kUsage};
  }
  return {std::move(*args), -1};
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (words.empty()) {
    fmt::print(stderr, "{}", usage());
    return kUsage;
  }
  std::string_view name = words[0];
  if (name == "--help" || name == "-h" || name == "help") return print(usage()) ? kOk : kFailure;
  if (name == "--version") name = "version";
  for (const Command& command : kCommands) {
    if (command.name == name) return command.run(Words(words).subspan(1));
  }
  return unknown(name);
}

}  // namespace edgehaul::cli
