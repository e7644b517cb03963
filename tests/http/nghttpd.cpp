// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"
#include "http/peer.hpp"

namespace edgehaul::test {

namespace {

// The port of a listening socket with this inode, from /proc/net/tcp: "sl local rem st …inode".
std::optional<std::uint16_t> listening_port(std::string_view inode) {
  std::string buffer;
  auto body = base::read_file("/proc/net/tcp", buffer);
  if (!body) return std::nullopt;
  while (const auto line = text::next_line(*body)) {
    if (text::nth_field(*line, 3) != "0A" || text::nth_field(*line, 9) != inode) continue;
    const auto local = text::split_once(text::nth_field(*line, 1), ':');
    return static_cast<std::uint16_t>(text::parse_u64(local->tail, 16).value_or(0));
  }
  return std::nullopt;
}

std::optional<std::uint16_t> port_of(pid_t pid) {
  std::error_code ignored;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string target = std::filesystem::read_symlink(entry, ignored).string();
    if (target.rfind("socket:[", 0) != 0) continue;
    if (auto port = listening_port(target.substr(8, target.size() - 9))) return port;
  }
  return std::nullopt;
}

}  // namespace

Nghttpd::Nghttpd(std::vector<std::string> extra, const PeerTls& tls) {
  dir_.write("index.html", "hello over h2");
  std::vector<std::string> words = {"nghttpd", "-v", "-a", "127.0.0.1", "-d", dir_.path()};
  words.insert(words.end(), extra.begin(), extra.end());
  if (tls.cert.empty()) words.insert(words.end(), {"--no-tls", "0"});
  if (!tls.cert.empty()) words.insert(words.end(), {"0", tls.key, tls.cert});
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string path = std::string(::getenv("PATH")) + ":/usr/sbin";
  const std::string log = dir_.at("log");
  pid_ = ::fork();
  if (pid_ == 0) {
    const int out = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::setenv("PATH", path.c_str(), 1);
    ::execvp("nghttpd", arguments.data());
    ::_exit(127);
  }
  const bool is_up = eventually([this] {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0)
      throw std::runtime_error("nghttpd does not run: Debian package nghttp2-server");
    port_ = port_of(pid_).value_or(0);
    return port_ != 0;
  });
  if (!is_up) throw std::runtime_error("nghttpd does not listen");
}

Nghttpd::~Nghttpd() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Nghttpd::log() const {
  std::string buffer;
  return std::string(base::read_file(dir_.at("log"), buffer).value_or(""));
}

}  // namespace edgehaul::test
