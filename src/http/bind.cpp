// SPDX-License-Identifier: Apache-2.0
#include "http/bind.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/core.h>

namespace edgehaul::http {
namespace {

constexpr int kBacklog = 512;  // the kernel caps it at net.core.somaxconn

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> parse_tcp(const std::string& text, std::uint16_t port) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof(sockaddr_in);
    return out;
  }
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string bare = bracketed ? text.substr(1, text.size() - 2) : text;
  if (::inet_pton(AF_INET6, bare.c_str(), &v6->sin6_addr) != 1) {
    return fail(Errc::invalid, "listen {}: not an IP address", text);
  }
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  out.size = sizeof(sockaddr_in6);
  return out;
}

Result<Address> parse_path(const std::string& path) {
  Address out;
  auto* un = reinterpret_cast<sockaddr_un*>(&out.storage);
  if (path.empty() || path.size() >= sizeof(un->sun_path)) {
    return fail(Errc::invalid, "listen {}: a socket path has 1 to {} bytes", path,
                sizeof(un->sun_path) - 1);
  }
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.data(), path.size());
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return out;
}

base::Fd open_socket(int family) {
  return base::Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Only a refused connection proves that nobody listens: a full backlog answers EAGAIN, and a
// socket of another user EACCES.
bool has_dead_owner(Address& address) {
  const base::Fd probe = open_socket(AF_UNIX);
  return probe && ::connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED;
}

Result<void> bind_unix(int fd, Address& address, const std::string& path) {
  if (::bind(fd, address.get(), address.size) == 0) return {};
  if (errno != EADDRINUSE) return pass(base::system_error("listen " + path, errno));
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) {
    return fail(Errc::refused, "listen {}: a file that is not a socket is in the way", path);
  }
  if (!has_dead_owner(address)) {
    return fail(Errc::refused, "listen {}: another process is listening there", path);
  }
  if (::unlink(path.c_str()) != 0) {
    return pass(base::system_error("listen " + path + ": remove the stale socket", errno));
  }
  if (::bind(fd, address.get(), address.size) == 0) return {};
  return pass(base::system_error("listen " + path, errno));
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

Result<Bound> Bound::tcp(const std::string& address, std::uint16_t port) {
  auto parsed = parse_tcp(address, port);
  if (!parsed) return pass(parsed.error());
  const std::string wanted = endpoint_name(parsed->storage);
  Bound bound;
  bound.fd_ = open_socket(parsed->storage.ss_family);
  if (!bound.fd_) return pass(base::system_error("listen " + wanted, errno));
  const int fd = bound.fd_.get();
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (parsed->storage.ss_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (::bind(fd, parsed->get(), parsed->size) != 0 || ::listen(fd, kBacklog) != 0) {
    return pass(base::system_error("listen " + wanted, errno));
  }
  bound.port_ = bound_port(fd);
  bound.name_ = endpoint_name(parse_tcp(address, bound.port_)->storage);
  return bound;
}

Result<Bound> Bound::unix_path(const std::string& path, unsigned mode) {
  auto parsed = parse_path(path);
  if (!parsed) return pass(parsed.error());
  Bound bound;
  bound.name_ = path;
  bound.fd_ = open_socket(AF_UNIX);
  if (!bound.fd_) return pass(base::system_error("listen " + path, errno));
  if (auto done = bind_unix(bound.fd_.get(), *parsed, path); !done) return pass(done.error());
  bound.path_ = path;
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    bound.device_ = info.st_dev;
    bound.inode_ = info.st_ino;
  }
  // Mode before listen(): until then a connect is refused, so nobody gets in by the umask's mode.
  if (::chmod(path.c_str(), mode) != 0 || ::listen(bound.fd_.get(), kBacklog) != 0) {
    return pass(base::system_error("listen " + path, errno));
  }
  return bound;
}

void Bound::close() {
  if (!fd_) return;
  fd_.reset();
  if (path_.empty()) return;
  struct stat info {};
  const bool is_ours =
      ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
  if (is_ours) ::unlink(path_.c_str());
}

std::string endpoint_name(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return "unix";
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof(text));
    return fmt::format("{}:{}", text, ntohs(v6.sin6_port));
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
}

}  // namespace edgehaul::http
