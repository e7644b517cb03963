// SPDX-License-Identifier: Apache-2.0
#include "sources/host/connections.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/fd.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kDatagramBytes = 32 * 1024;  // what the kernel fills at most for a dump
constexpr int kMaxDatagrams = 100'000;             // some ten million sockets

// The older request names no address family, so that one walk over the kernel's table, which is
// what costs, finds IPv4 and IPv6 alike.
Result<void> send_request(int fd) {
  struct {
    nlmsghdr header{};
    inet_diag_req body{};
  } request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.idiag_family = AF_UNSPEC;
  request.body.idiag_states = ~std::uint32_t{0};
  if (::send(fd, &request, sizeof request, 0) < 0)
    return pass(base::system_error("sock_diag", errno));
  return {};
}

Result<void> receive_dump(int fd, std::string& buffer, TcpCounts& counts) {
  buffer.resize(kDatagramBytes);
  for (int i = 0; i < kMaxDatagrams; ++i) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return pass(base::system_error("sock_diag", errno));
    auto is_over =
        count_diag_messages(std::string_view(buffer.data(), static_cast<std::size_t>(got)), counts);
    if (!is_over) return pass(std::move(is_over.error()));
    if (*is_over) return {};
  }
  return fail(Errc::too_large, "sock_diag: the dump does not end");
}

Result<base::Fd> open_socket() {
  base::Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return pass(base::system_error("sock_diag", errno));
  // A dump is made while it is received, so nothing is waited for; this is only a guard.
  const timeval limit{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

Result<bool> error_of(std::string_view message) {
  if (message.size() < sizeof(nlmsghdr) + sizeof(nlmsgerr))
    return fail(Errc::malformed, "sock_diag: short error");
  nlmsgerr error{};
  std::memcpy(&error, message.data() + sizeof(nlmsghdr), sizeof error);
  if (error.error == 0) return true;
  return pass(base::system_error("sock_diag", -error.error));
}

}  // namespace

Result<bool> count_diag_messages(std::string_view datagram, TcpCounts& counts) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size())
      return fail(Errc::malformed, "sock_diag: message of {} bytes", header.nlmsg_len);
    const std::string_view message = datagram.substr(0, header.nlmsg_len);
    if (header.nlmsg_type == NLMSG_DONE) return true;
    if (header.nlmsg_type == NLMSG_ERROR) return error_of(message);
    if (header.nlmsg_type == TCPDIAG_GETSOCK) {
      inet_diag_msg socket{};
      if (message.size() < sizeof header + sizeof socket)
        return fail(Errc::malformed, "sock_diag: short socket");
      std::memcpy(&socket, message.data() + sizeof header, sizeof socket);
      if (socket.idiag_state < kTcpStates) ++counts[socket.idiag_state];
    }
    // Messages are padded to four bytes; the last one may lack its padding.
    const std::size_t padded = (std::size_t{header.nlmsg_len} + 3) & ~std::size_t{3};
    datagram.remove_prefix(std::min(padded, datagram.size()));
  }
  return false;
}

Result<void> count_by_diag(TcpCounts& counts) {
  auto fd = open_socket();
  if (!fd) return pass(std::move(fd.error()));
  TcpCounts found{};
  std::string buffer;
  if (auto sent = send_request(fd->get()); !sent) return sent;
  if (auto received = receive_dump(fd->get(), buffer, found); !received) return received;
  for (std::size_t i = 0; i < kTcpStates; ++i)
    counts[i] += found[i];
  return {};
}

}  // namespace edgehaul::host
