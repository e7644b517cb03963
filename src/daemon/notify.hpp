// SPDX-License-Identifier: Apache-2.0
// sd_notify(3) without libsystemd: datagrams to $NOTIFY_SOCKET, and the watchdog's period. Without
// a service manager everything here does nothing. Main thread; extend_timeout() may come from
// others.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace edgehaul::daemon {

class Notify {
 public:
  // `socket` is $NOTIFY_SOCKET ("/run/…" or "@abstract"), empty without a service manager.
  explicit Notify(std::string socket) : socket_(std::move(socket)) {}

  bool is_active() const { return !socket_.empty(); }
  void ready(std::string_view status) const;
  void status(std::string_view words) const;
  void reloading() const;  // with MONOTONIC_USEC, as Type=notify-reload wants it
  void stopping() const;
  void watchdog() const { send("WATCHDOG=1"); }
  void extend_timeout(std::chrono::microseconds more) const;
  void send(std::string_view message) const;

 private:
  std::string socket_;
};

// Half of $WATCHDOG_USEC when it is set for this process ($WATCHDOG_PID), else zero.
std::chrono::microseconds watchdog_period(std::string_view usec, std::string_view pid);

}  // namespace edgehaul::daemon
