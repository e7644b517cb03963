// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include "base/log.hpp"
#include "base/version.hpp"
#include "cli/command.hpp"
#include "cli/sample_text.hpp"
#include "cli/settings.hpp"
#include "daemon/flow.hpp"
#include "otlp/json_view.hpp"
#include "sampler/tick.hpp"
#include "sources/host/boot.hpp"

namespace edgehaul::cli {

namespace {

constexpr std::array kOptions{
    kConfigOption,
    kSetOption,
    OptionSpec{"--root", "DIR", "a recorded or mounted machine instead of this one"},
    OptionSpec{"--json", "", "OTLP/JSON"},
    OptionSpec{"--otlp", "", "a serialized OTLP ExportMetricsServiceRequest"},
};

}  // namespace

int sample(Words words) {
  const Parsed parsed = parse(
      "sample", "[--root DIR] [--json|--otlp] [--config FILE] [--set KEY=VALUE]…", words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  const Args& args = parsed.args;
  config::Loaded loaded = config::load(request_of(args));
  if (!report_faults("sample", loaded)) return kConfiguration;
  const auto root = args.value("--root");
  const base::Roots roots = root ? base::Roots::below(*root) : base::Roots();
  const base::SystemClock clock;
  // There is no later tick that would show what the kubelet answers.
  loaded.config.collect.kubelet.first_wait = loaded.config.collect.kubelet.timeout;
  const std::string version(base::version());
  const auto watch = daemon::make_watch(roots, loaded.config, clock);
  const identity::Identity& who = *watch->current();
  for (const std::string& note : who.notes)
    complain("sample", note);
  sampler::Tick tick(daemon::make_sources(roots, loaded.config, clock, watch),
                     loaded.config.collect.selection, who.attributes, version);
  tick.run(clock, clock.wall(), host::boot_time(roots, clock));
  std::string out;
  if (args.has("--json")) {
    out = otlp::to_json(tick.batch(), who.attributes, version) + "\n";
  } else if (args.has("--otlp")) {
    out = tick.encode();
  } else {
    out = sample_text(tick.batch(), who.attributes);
  }
  return print(out) ? kOk : kFailure;
}

}  // namespace edgehaul::cli
