// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "cli/command.hpp"
#include "cli/connect.hpp"
#include "cli/settings.hpp"
#include "config/report.hpp"

namespace edgehaul::cli {

namespace {
constexpr OptionSpec kConnect{"--connect", "",
                              "also send each destination an empty request and tell what it says"};
constexpr std::array kOptions{kConfigOption, kSetOption, kConnect};
}  // namespace

int check(Words words) {
  const Parsed parsed =
      parse("check", "[--connect] [--config FILE] [--set KEY=VALUE]…", words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  config::Request request = request_of(parsed.args);
  request.is_strict = true;
  const config::Loaded loaded = config::load(request);
  std::string text = config::report(loaded.faults, config::Severity::note);
  for (const std::string& file : loaded.files)
    text += fmt::format("read {}\n", file);
  if (loaded.files.empty()) text += "no configuration file; the built-in defaults are in force\n";
  text += config::summary(loaded.faults) + "\n";
  if (!print(text)) return kFailure;
  if (!loaded.ok()) return kConfiguration;
  if (!parsed.args.has("--connect")) return kOk;
  return connect(loaded.config) ? kOk : kFailure;
}

}  // namespace edgehaul::cli
