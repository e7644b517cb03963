// SPDX-License-Identifier: Apache-2.0
// Listening sockets, TCP and Unix: plain system calls, no event loop. A Unix socket's file belongs
// to the Bound that made it and goes with it, unless somebody else put another one there meanwhile.
#pragma once

#include <cstdint>
#include <string>

#include <sys/socket.h>
#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace edgehaul::http {

class Bound {
 public:
  // `address` is a numeric IPv4 or IPv6 address; "::" takes IPv4 too. Port 0 takes any free one.
  static Result<Bound> tcp(const std::string& address, std::uint16_t port);
  // A socket file without a living listener is removed; one with a listener, or a file that is no
  // socket, is Errc::refused.
  static Result<Bound> unix_path(const std::string& path, unsigned mode);

  Bound(Bound&& other) noexcept = default;
  Bound& operator=(Bound&&) = delete;
  ~Bound() { close(); }

  int fd() const { return fd_.get(); }
  std::uint16_t port() const { return port_; }
  // "127.0.0.1:4318" or the path, for messages.
  const std::string& name() const { return name_; }
  // Closes the socket and removes its file.
  void close();

 private:
  Bound() = default;
  base::Fd fd_;
  std::uint16_t port_ = 0;
  std::string name_;
  std::string path_;  // of the Unix socket
  dev_t device_ = 0;  // of the file at path_, to know our own
  ino_t inode_ = 0;
};

// "10.0.0.7:51234", "[fe80::1]:4318", or "unix"; IPv4 in IPv6 is shown as IPv4.
std::string endpoint_name(const sockaddr_storage& address);

}  // namespace edgehaul::http
