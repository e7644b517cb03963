// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>
#include <string>

#include <malloc.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/settings.hpp"
#include "config/report.hpp"
#include "daemon/daemon.hpp"

namespace edgehaul::cli {

namespace {

constexpr std::array kOptions{kConfigOption, kSetOption};

// Few threads: one arena for each would only keep memory that nobody needs. An agent gives its rare
// large blocks back at once; a relay has them all the time, and having the kernel map and clear
// them anew for each request was a quarter of its CPU.
void tame_malloc(config::Mode mode) {
  const bool is_relay = mode == config::Mode::relay;
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, is_relay ? 16 << 20 : 128 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, is_relay ? 8 << 20 : 128 * 1024);
}

Result<config::Config> load_again(const config::Request& request) {
  config::Loaded loaded = config::load(request);
  for (const config::Fault& fault : loaded.faults) {
    if (fault.severity == config::Severity::warning) {
      log::warning("config", "{}", config::fault_line(fault));
    }
  }
  if (loaded.ok()) return std::move(loaded.config);
  std::string words;
  for (const config::Fault& fault : loaded.faults) {
    if (fault.severity != config::Severity::error) continue;
    words += (words.empty() ? "" : "; ") + config::fault_line(fault);
  }
  return fail(Errc::invalid, "{}", words);
}

}  // namespace

int run(Words words) {
  const Parsed parsed = parse("run", "[--config FILE] [--set KEY=VALUE]…", words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  if (!parsed.args.rest().empty()) {
    complain("run", fmt::format("'{}' is not wanted here", parsed.args.rest()[0]));
    return kUsage;
  }
  const config::Request request = request_of(parsed.args);
  config::Loaded loaded = config::load(request);
  if (!report_faults("run", loaded)) return kConfiguration;
  tame_malloc(loaded.config.mode);
  // JOURNAL_STREAM is set when stderr is the journal (systemd.exec(5)).
  log::start(loaded.config.log_level, std::getenv("JOURNAL_STREAM") != nullptr);
  const base::SystemClock clock;
  daemon::Daemon service(
      std::move(loaded.config), request.file, [request] { return load_again(request); }, clock);
  if (auto started = service.start(); !started) {
    log::error("edgehaul", "cannot start: {}", started.error().message);
    return kFailure;
  }
  service.run();
  service.stop();
  return kOk;
}

}  // namespace edgehaul::cli
