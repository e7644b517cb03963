// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.hpp"

#include <cstddef>
#include <cstring>
#include <ctime>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/core.h>

#include "base/fd.hpp"
#include "base/text.hpp"

namespace edgehaul::daemon {

void Notify::send(std::string_view message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // A manager that does not listen is its own trouble: nothing here depends on the answer.
  (void)::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), length);
}

void Notify::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void Notify::status(std::string_view words) const {
  send(fmt::format("STATUS={}", words));
}

void Notify::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the configuration again",
                   static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000));
}

void Notify::stopping() const {
  send("STOPPING=1\nSTATUS=Stopping");
}

void Notify::extend_timeout(std::chrono::microseconds more) const {
  send(fmt::format("EXTEND_TIMEOUT_USEC={}", more.count()));
}

std::chrono::microseconds watchdog_period(std::string_view usec, std::string_view pid) {
  const auto period = text::parse_i64(usec);
  const auto owner = text::parse_i64(pid);
  if (!period || *period <= 0) return {};
  if (!pid.empty() && owner != ::getpid()) return {};
  return std::chrono::microseconds(*period / 2);
}

}  // namespace edgehaul::daemon
