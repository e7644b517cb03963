// SPDX-License-Identifier: Apache-2.0
#include "sources/host/connections.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <cstring>

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

const base::ManualClock still_clock;

std::string socket_message(std::uint8_t state) {
  nlmsghdr header{};
  header.nlmsg_len = sizeof header + sizeof(inet_diag_msg);
  header.nlmsg_type = TCPDIAG_GETSOCK;
  inet_diag_msg body{};
  body.idiag_state = state;
  std::string out(sizeof header + sizeof body, '\0');
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, &body, sizeof body);
  return out;
}

std::string header_only(std::uint16_t type, std::uint32_t length) {
  nlmsghdr header{};
  header.nlmsg_len = length;
  header.nlmsg_type = type;
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::uint64_t sum(const TcpCounts& counts) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts)
    all += count;
  return all;
}

}  // namespace

TEST_CASE("connections: every state has a point, also those nothing is in") {
  test::Probe probe;
  Connections connections(test::machine("debian12-vm"), {}, still_clock);
  REQUIRE(probe.tick(connections));
  CHECK(probe.size() == 12);
  const auto in = [&](const char* state) {
    return probe.integer("system.network.connections", {{"protocol", "tcp"}, {"state", state}});
  };
  CHECK(in("ESTABLISHED") == 3);
  CHECK(in("LISTEN") == 3);  // two of IPv4, one of IPv6
  CHECK(in("TIME_WAIT") == 1);
  CHECK(in("FIN_WAIT_1") == 0);
  CHECK(in("DELETE") == 0);
}

TEST_CASE("connections: kernel numbers to names, all of them") {
  test::Probe probe;
  Connections connections(test::machine("big-server"), {}, still_clock);
  REQUIRE(probe.tick(connections));
  struct Row {
    const char* state;
    int count;
  };
  const Row rows[] = {{"ESTABLISHED", 350}, {"SYN_SENT", 1},   {"SYN_RECV", 3}, {"FIN_WAIT_1", 1},
                      {"FIN_WAIT_2", 2},    {"TIME_WAIT", 40}, {"CLOSE", 1},    {"CLOSE_WAIT", 5},
                      {"LAST_ACK", 1},      {"LISTEN", 20},    {"CLOSING", 1},  {"DELETE", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.state);
    CHECK(probe.integer("system.network.connections", {{"state", row.state}}) == row.count);
  }
}

TEST_CASE("connections: a host without IPv6, one without anything, a hostile one") {
  test::Probe probe;
  Connections edge(test::machine("arm-edge"), {}, still_clock);
  CHECK(probe.tick(edge));
  CHECK(probe.integer("system.network.connections", {{"state", "LISTEN"}}) == 4);
  test::TempDir dir;
  Connections none(dir.roots(), {}, still_clock);
  CHECK(probe.tick(none).error().code == Errc::absent);
  CHECK(probe.size() == 0);
  Connections hostile(test::machine("hostile"), {}, still_clock);
  CHECK(probe.tick(hostile).error().code == Errc::malformed);
  CHECK(probe.integer("system.network.connections", {{"state", "ESTABLISHED"}}) == 1);
}

TEST_CASE("sock_diag: messages are counted, whatever is broken is refused") {
  TcpCounts counts{};
  auto over =
      count_diag_messages(socket_message(1) + socket_message(10) + socket_message(1), counts);
  REQUIRE(over);
  CHECK_FALSE(*over);
  CHECK(counts[1] == 2);
  CHECK(counts[10] == 1);
  over = count_diag_messages(socket_message(8) + header_only(NLMSG_DONE, sizeof(nlmsghdr)), counts);
  REQUIRE(over);
  CHECK(*over);
  CHECK(counts[8] == 1);
  CHECK(count_diag_messages(socket_message(200), counts));
  CHECK(sum(counts) == 4);

  const std::string broken[] = {
      header_only(TCPDIAG_GETSOCK, 0),
      header_only(TCPDIAG_GETSOCK, 4),
      header_only(TCPDIAG_GETSOCK, sizeof(nlmsghdr)),
      header_only(TCPDIAG_GETSOCK, 0xFFFFFFFF),
      header_only(NLMSG_ERROR, sizeof(nlmsghdr)),
  };
  for (const std::string& datagram : broken)
    CHECK_FALSE(count_diag_messages(datagram, counts));
  CHECK(count_diag_messages("short", counts));
}

TEST_CASE("sock_diag: an error message carries the kernel's reason") {
  std::string datagram = header_only(NLMSG_ERROR, sizeof(nlmsghdr) + sizeof(nlmsgerr));
  nlmsgerr error{};
  error.error = -EPERM;
  datagram.append(reinterpret_cast<const char*>(&error), sizeof error);
  TcpCounts counts{};
  const auto result = count_diag_messages(datagram, counts);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::refused);
}

TEST_CASE("sock_diag: this machine: a listening socket is counted where the kernel can") {
  TcpCounts before{};
  if (!count_by_diag(before)) {
    MESSAGE("no sock_diag here: the tables in /proc are what is used");
    return;
  }
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(fd.get(), 1) == 0);
  TcpCounts counts{};
  REQUIRE(count_by_diag(counts));
  CHECK(counts[10] >= 1);

  test::Probe probe;
  Connections live({}, {}, still_clock);
  REQUIRE(probe.tick(live));
  CHECK(probe.integer("system.network.connections", {{"state", "LISTEN"}}).value_or(0) >= 1);
}

TEST_CASE("connections: counted now and then, repeated in between") {
  test::TempDir dir;
  base::ManualClock moving;
  test::Probe probe;
  Connections connections(dir.roots(), {}, moving);
  const auto listening = [&] {
    CHECK(probe.tick(connections));
    return probe.integer("system.network.connections", {{"state", "LISTEN"}});
  };
  dir.write("proc/net/tcp", "head\n0: a b 0A\n");
  CHECK(listening() == 1);
  dir.write("proc/net/tcp", "head\n0: a b 0A\n1: a b 0A\n");
  moving.advance(std::chrono::seconds(29));
  CHECK(listening() == 1);
  moving.advance(std::chrono::seconds(1));
  CHECK(listening() == 2);
}
