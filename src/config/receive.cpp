// SPDX-License-Identifier: Apache-2.0
#include "config/receive.hpp"

#include <arpa/inet.h>
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/pem.hpp"

namespace edgehaul::config {

namespace {

bool is_numeric_address(const std::string& address) {
  in6_addr bytes{};
  return ::inet_pton(AF_INET, address.c_str(), &bytes) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), &bytes) == 1;
}

// One listener under examination; add() finds the line of the key.
std::optional<spool::Signal> signal_of(std::string_view name) {
  constexpr std::pair<std::string_view, spool::Signal> kAll[] = {
      {"metrics", spool::Signal::metrics},
      {"logs", spool::Signal::logs},
      {"traces", spool::Signal::traces},
      {"profiles", spool::Signal::profiles}};
  for (const auto& [known, signal] : kAll) {
    if (known == name) return signal;
  }
  return std::nullopt;
}

class Examination {
 public:
  Examination(relay::ListenerOptions& listener, std::string section, const Places& places,
              Faults& faults)
      : listener_(listener), section_(std::move(section)), places_(places), faults_(faults) {}

  void run() {
    if (listener_.listen.empty()) return;
    check_listen();
    check_tls();
    check_credentials();
  }

 private:
  void add(Severity severity, const std::string& name, std::string message,
           std::string suggestion = {}) {
    const std::string key = section_ + "." + name;
    const auto found = places_.find(key);
    const Place place = found == places_.end() ? Place() : found->second;
    faults_.push_back(
        {severity, place.where, key, place.written, std::move(message), std::move(suggestion)});
  }

  void check_listen() {
    const std::string example =
        fmt::format("such as {}", section_ == "receive.grpc" ? "0.0.0.0:4317" : "0.0.0.0:4318");
    const auto halves = text::split_last(listener_.listen, ':');
    if (!halves) return add(Severity::error, "listen", "has no port", example);
    if (!text::parse_into(halves->tail, listener_.port)) {
      return add(Severity::error, "listen", "the port is not a number up to 65535", example);
    }
    std::string_view host = halves->head;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    listener_.address = host;
    if (!is_numeric_address(listener_.address)) {
      add(Severity::error, "listen", "its address is not a number", example);
    }
  }

  void check_pem(const char* name, const std::string& path, std::string_view mark,
                 std::string_view what) {
    if (auto complaint = judge_pem(path, mark, what)) {
      add(Severity::error, name, *std::move(complaint));
    }
  }

  void check_tls() {
    const http::ServerTls& tls = listener_.tls;
    check_pem("tls.cert_file", tls.cert_file, kCertificateMark, "certificate");
    check_pem("tls.key_file", tls.key_file, kPrivateKeyMark, "private key");
    check_pem("tls.client_ca_file", tls.client_ca_file, kCertificateMark, "certificate");
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      const bool no_key = tls.key_file.empty();
      add(Severity::error, no_key ? "tls.cert_file" : "tls.key_file",
          no_key ? "needs tls.key_file beside it" : "needs tls.cert_file beside it");
    } else if (tls.cert_file.empty() && !tls.client_ca_file.empty()) {
      add(Severity::error, "tls.client_ca_file", "has no effect without tls.cert_file",
          "clients show certificates over TLS only");
    }
  }

  void check_credentials() {
    const relay::AccessOptions& access = listener_.access;
    for (const std::string& pair : access.basic) {
      if (pair.find(':') != std::string::npos && pair.find(':') > 0) continue;
      add(Severity::error, "auth.basic", "an entry is not USER:PASSWORD");
    }
    const auto is_bad_token = [](const std::string& token) {
      return token.empty() || token.find_first_of(" \t\r\n") != std::string::npos;
    };
    if (std::any_of(access.bearer.begin(), access.bearer.end(), is_bad_token)) {
      add(Severity::error, "auth.bearer", "a token is empty or has a blank in it");
    }
    const bool has_any = !access.basic.empty() || !access.bearer.empty();
    if (has_any && listener_.tls.cert_file.empty()) {
      add(Severity::warning, "auth", "credentials come unencrypted without tls.cert_file");
    } else if (!has_any && listener_.tls.client_ca_file.empty()) {
      add(Severity::note, "auth", "everybody who reaches the port may send");
    }
  }

  relay::ListenerOptions& listener_;
  const std::string section_;
  const Places& places_;
  Faults& faults_;
};

// "http://[::1]:4317/path" → {"::1", 4317}
std::pair<std::string_view, std::uint16_t> host_and_port(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  endpoint = endpoint.substr(0, endpoint.find_first_of("/?#"));
  const auto halves = text::split_last(endpoint, ':');
  std::uint16_t port = 0;
  if (!halves || !text::parse_into(halves->tail, port)) return {endpoint, 0};
  std::string_view host = halves->head;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, port};
}

// Only what is so beyond doubt: names are not resolved.
bool is_this_host(std::string_view host, const std::string& listens_on) {
  const bool is_loopback = host == "localhost" || host == "::1" || host.starts_with("127.");
  const bool is_any = listens_on == "0.0.0.0" || listens_on == "::";
  const bool listens_on_loopback = listens_on == "::1" || listens_on.starts_with("127.");
  if (host == "0.0.0.0" || host == "::" || (host == "localhost" && listens_on_loopback))
    return true;
  return is_any ? is_loopback : host == listens_on;
}

void check_loops(const Config& config, const Places& places, Faults& faults) {
  for (std::size_t i = 0; i < config.forward.destinations.size(); ++i) {
    const auto [host, port] = host_and_port(config.forward.destinations[i].endpoint);
    for (const relay::ListenerOptions* listener :
         {static_cast<const relay::ListenerOptions*>(&config.receive.grpc), &config.receive.http}) {
      if (port == 0 || port != listener->port || !is_this_host(host, listener->address)) continue;
      const std::string key = fmt::format("forward[{}].endpoint", i);
      const auto written = places.find(key);
      faults.push_back({Severity::error, written != places.end() ? written->second.where : Where(),
                        key, config.forward.destinations[i].endpoint,
                        "this relay itself: all that it takes would come back to it without end",
                        "the collector behind it, or another port for receive"});
    }
  }
}

void check_drop_first(Config& config, const Places& places, Faults& faults) {
  for (const std::string& name : config.drop_first) {
    const auto signal = signal_of(name);
    if (signal) {
      config.spool.drop_first.push_back(*signal);
      continue;
    }
    const auto written = places.find("spool.drop_first");
    faults.push_back({Severity::error, written != places.end() ? written->second.where : Where(),
                      "spool.drop_first", name, "not a signal", "logs, traces, metrics, profiles"});
  }
}

}  // namespace

void check_receive(Config& config, const Places& places, Faults& faults) {
  check_drop_first(config, places, faults);
  if (config.mode != Mode::relay) {
    const auto written = places.lower_bound("receive.");
    if (written != places.end() && written->first.starts_with("receive.")) {
      faults.push_back({Severity::note,
                        written->second.where,
                        written->first,
                        {},
                        "has no effect: an agent receives nothing",
                        "mode: relay"});
    }
    return;
  }
  Examination(config.receive.grpc, "receive.grpc", places, faults).run();
  Examination(config.receive.http, "receive.http", places, faults).run();
  if (config.receive.grpc.listen.empty() && config.receive.http.listen.empty()) {
    faults.push_back({Severity::error, {}, "receive", {}, "a relay must listen on something", {}});
  }
  check_loops(config, places, faults);
  // What peers were promised is not dropped to make room, but for spool.drop_first: they are told
  // to come again.
  config.spool.keep_peers = true;
}

}  // namespace edgehaul::config
