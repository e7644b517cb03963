// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/log.hpp"
#include "base/mapped_code.hpp"
#include "base/units.hpp"
#include "base/version.hpp"
#include "status/routes.hpp"

namespace edgehaul::daemon {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kServerStop{1};
// By then the first ticks are delivered.
constexpr seconds kStartUp{20};
// For requests under way to be committed and answered.
constexpr seconds kRelayStop{5};
// A sampler that has not ticked for this many intervals (and at least a minute) hangs.
constexpr int kHangIntervals = 5;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Daemon::Daemon(config::Config config, std::string config_file, Reload reload,
               const base::Clock& clock)
    : clock_(clock),
      config_(std::move(config)),
      config_file_(std::move(config_file)),
      reload_(std::move(reload)),
      notify_(environment("NOTIFY_SOCKET")),
      flow_(clock, base::Roots(), [this](std::string_view words) {
        notify_.extend_timeout(seconds(30));
        notify_.status(words);
      }) {}

Daemon::~Daemon() {
  stop();
}

Result<void> Daemon::start() {
  started_ = clock_.wall();
  log::info("edgehaul", "{} starts; state in {}", base::version(), config_.state_dir);
  std::signal(SIGPIPE, SIG_IGN);
  if (auto started = flow_.start(config_); !started) return started;
  if (auto receiving = receive(); !receiving) return receiving;
  if (auto listening = listen(); !listening) return listening;
  await_signal();
  watchdog_period_ = watchdog_period(environment("WATCHDOG_USEC"), environment("WATCHDOG_PID"));
  notify_.ready(headline());
  beat();
  started_up_.expires_after(kStartUp);
  started_up_.async_wait([](const boost::system::error_code& fault) {
    if (!fault) base::let_go_of_code();
  });
  return {};
}

void Daemon::run() {
  io_.run();
}

void Daemon::stop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  const auto begun = clock_.steady();
  notify_.stopping();
  signals_.cancel();
  watchdog_.cancel();
  started_up_.cancel();
  if (relay_) {
    relay_->stop(kRelayStop, [this] { io_.stop(); });
    io_.restart();
    io_.run_for(2 * kRelayStop);
    relay_.reset();
  }
  if (server_) {
    server_->stop(kServerStop, [this] { io_.stop(); });
    io_.restart();
    io_.run_for(2 * kServerStop);
    server_.reset();
  }
  flow_.stop();
  log::info(
      "edgehaul", "stopped in {}",
      units::format_duration(std::chrono::duration_cast<milliseconds>(clock_.steady() - begun)));
}

Result<void> Daemon::listen() {
  server_.reset();
  if (config_.status.socket.empty()) return {};
  http::ServerOptions options;
  options.unix_socket = config_.status.socket;
  auto server =
      http::Server::listen(io_, options, status::make_handler([this] { return take_snapshot(); }));
  if (!server) return within("status socket", std::move(server.error()));
  server_ = std::move(*server);
  return {};
}

void Daemon::await_signal() {
  boost::system::error_code ignored;
  signals_.clear(ignored);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    signals_.add(signal, ignored);
  signals_.async_wait([this](const boost::system::error_code& fault, int signal) {
    if (fault) return;
    if (signal != SIGHUP) {
      log::info("edgehaul", "{} received; stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
      io_.stop();
      return;
    }
    reload();
  });
}

// Senders are let go in order first where what they talk to must be made anew.
void Daemon::reload() {
  notify_.reloading();
  last_reload_ = clock_.wall();
  auto next = reload_();
  if (!next) return finish_reload(pass(std::move(next.error())));
  if (!must_stop_receiving(*next)) return finish_reload(apply(*next));
  relay_->stop(kRelayStop, [this, next = std::move(*next)] {
    relay_.reset();
    finish_reload(apply(next));
  });
}

void Daemon::finish_reload(const Result<void>& applied) {
  if (applied) {
    reload_fault_.clear();
    log::info("edgehaul", "configuration read again and in force");
  } else {
    reload_fault_ = applied.error().message;
    log::error("edgehaul", "the new configuration is not used, the running one stays: {}",
               reload_fault_);
  }
  notify_.ready(headline());
  await_signal();
}

bool Daemon::must_stop_receiving(const config::Config& next) const {
  return relay_ && (next.mode != config::Mode::relay || next.receive != relay_->options() ||
                    !flow_.can_reconfigure(next));
}

Result<void> Daemon::apply(const config::Config& next) {
  const config::Config before = std::exchange(config_, next);
  Result<void> applied;
  if (!flow_.reconfigure(next)) {
    flow_.stop();
    applied = flow_.start(next);
  }
  if (applied) applied = receive();
  if (applied && next.status.socket != before.status.socket) applied = listen();
  if (!applied) {
    config_ = before;
    go_on();
  }
  log::set_level(config_.log_level);
  return applied;
}

// What ran a moment ago runs again; if even that fails there is nothing left to serve.
void Daemon::go_on() {
  Result<void> again;
  if (!flow_.reconfigure(config_)) {
    flow_.stop();
    again = flow_.start(config_);
  }
  if (again) again = receive();
  if (again && !server_) again = listen();
  if (again) return;
  log::error("edgehaul", "cannot go on: {}", again.error().message);
  io_.stop();
}

// Makes the relay what the configuration says; one that is there already differs in its
// certificates at most.
Result<void> Daemon::receive() {
  if (config_.mode != config::Mode::relay) return {};
  if (relay_) return relay_->renew_certificates();
  if (!peers_ || peers_->max_rows() != config_.receive.max_peers) {
    peers_ = std::make_shared<relay::Peers>(config_.receive.max_peers);
  }
  auto relay = std::make_unique<relay::Relay>(io_, config_.receive, flow_.spool(), clock_, peers_);
  if (auto started = relay->start(); !started) return started;
  relay_ = std::move(relay);
  return {};
}

// The watchdog is fed only while the main loop turns and the sampler ticks.
void Daemon::beat() {
  if (watchdog_period_.count() == 0) return;
  if (is_sampling()) {
    notify_.watchdog();
    notify_.status(headline());
  } else {
    log::error("edgehaul", "no tick for {} intervals; the watchdog is not fed any more",
               kHangIntervals);
  }
  watchdog_.expires_after(watchdog_period_);
  watchdog_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault) beat();
  });
}

bool Daemon::is_sampling() const {
  if (!flow_.is_running()) return false;
  const sampler::Stats stats = flow_.sampled();
  const auto limit = std::max<milliseconds>(kHangIntervals * stats.interval, seconds(60));
  return clock_.steady() - stats.last_tick_steady < limit;
}

std::string Daemon::headline() const {
  if (!flow_.is_running()) return "not running";
  const spool::Stats spooled = flow_.spooled();
  std::string words = fmt::format("{} records, {} spooled", spooled.held.records,
                                  units::format_bytes(spooled.held.bytes));
  for (const forward::DestinationStats& destination : flow_.forwarded()) {
    const bool is_fine =
        destination.state == forward::State::idle || destination.state == forward::State::sending;
    words += fmt::format("; {}: {}", destination.name, is_fine ? "delivering" : "not delivering");
  }
  return words;
}

}  // namespace edgehaul::daemon
