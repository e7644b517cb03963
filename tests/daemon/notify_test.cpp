// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.hpp"

#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;

namespace {

// The service manager's end.
struct Manager {
  test::TempDir dir;
  std::string path = dir.at("notify");
  base::Fd fd{::socket(AF_UNIX, SOCK_DGRAM, 0)};

  Manager() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  std::string next() const {
    char buffer[512];
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }
};

}  // namespace

TEST_CASE("notify: says what sd_notify(3) says") {
  const Manager manager;
  const daemon::Notify notify(manager.path);
  CHECK(notify.is_active());
  notify.ready("all well");
  CHECK(manager.next() == "READY=1\nSTATUS=all well");
  notify.stopping();
  CHECK(manager.next() == "STOPPING=1\nSTATUS=Stopping");
  notify.extend_timeout(30s);
  CHECK(manager.next() == "EXTEND_TIMEOUT_USEC=30000000");
  notify.reloading();
  CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  notify.watchdog();
  CHECK(manager.next() == "WATCHDOG=1");
}

TEST_CASE("notify: without a manager, with a dead one or a bad path nothing happens") {
  daemon::Notify("").ready("x");
  daemon::Notify("/nonexistent/socket").ready("x");
  const daemon::Notify too_long(std::string(300, 'x'));
  too_long.ready("x");
  CHECK_FALSE(daemon::Notify("").is_active());
}

TEST_CASE("notify: the watchdog is fed twice a period, and only for this process") {
  CHECK(daemon::watchdog_period("60000000", "") == 30s);
  CHECK(daemon::watchdog_period("60000000", std::to_string(::getpid())) == 30s);
  CHECK(daemon::watchdog_period("60000000", "1") == 0s);
  CHECK(daemon::watchdog_period("", "") == 0s);
  CHECK(daemon::watchdog_period("soon", "") == 0s);
  CHECK(daemon::watchdog_period("-5", "") == 0s);
}
