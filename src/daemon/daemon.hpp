// SPDX-License-Identifier: Apache-2.0
// The running service: the flow of data, the status socket, signals and the service manager. Lives
// on the main thread, whose io_context it owns; start() and stop() read as lists.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "daemon/flow.hpp"
#include "daemon/notify.hpp"
#include "http/server.hpp"
#include "relay/relay.hpp"
#include "status/snapshot.hpp"

namespace edgehaul::daemon {

// Reads the configuration again; the error says everything that is wrong with it.
using Reload = std::function<Result<config::Config>()>;

class Daemon {
 public:
  Daemon(config::Config config, std::string config_file, Reload reload, const base::Clock& clock);
  ~Daemon();

  Result<void> start();
  // Serves until SIGTERM or SIGINT.
  void run();
  void stop();

 private:
  Result<void> listen();
  void await_signal();
  void reload();
  void finish_reload(const Result<void>& applied);
  Result<void> apply(const config::Config& next);
  void go_on();
  Result<void> receive();
  bool must_stop_receiving(const config::Config& next) const;
  void beat();
  bool is_sampling() const;
  std::string headline() const;
  status::Snapshot take_snapshot() const;

  const base::Clock& clock_;
  config::Config config_;
  const std::string config_file_;
  const Reload reload_;
  const Notify notify_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_};
  boost::asio::steady_timer watchdog_{io_};
  boost::asio::steady_timer started_up_{io_};
  std::chrono::microseconds watchdog_period_{0};
  Flow flow_;
  std::shared_ptr<relay::Peers> peers_;
  std::unique_ptr<relay::Relay> relay_;  // in relay mode
  std::unique_ptr<http::Server> server_;
  base::UnixNanos started_ = 0;
  base::UnixNanos last_reload_ = 0;
  std::string reload_fault_;
  bool is_stopping_ = false;
};

}  // namespace edgehaul::daemon
