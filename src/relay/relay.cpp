// SPDX-License-Identifier: Apache-2.0
#include "relay/relay.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace edgehaul::relay {

namespace {
constexpr std::string_view kPeersKey = "peers";
// Tens of kilobytes on a relay of a thousand sites, and a crash forgets no more than this.
constexpr std::chrono::minutes kSavePeers{10};
}  // namespace

Relay::Relay(boost::asio::io_context& io, Options options, spool::Spool& spool,
             const base::Clock& clock, std::shared_ptr<Peers> peers)
    : io_(io),
      options_(std::move(options)),
      spool_(spool),
      peers_(std::move(peers)),
      peers_timer_(io),
      intake_(io, spool, clock, peers_,
              std::max(options_.grpc.max_request, options_.http.max_request)),
      grpc_service_(intake_, options_.grpc.access),
      http_service_(intake_, options_.http.access, options_.http.max_request) {}

Result<void> Relay::listen_grpc() {
  grpc::ServerOptions options;
  options.address = options_.grpc.address;
  options.port = options_.grpc.port;
  options.tls = options_.grpc.tls;
  options.max_connections = options_.grpc.max_connections;
  options.max_streams = static_cast<std::uint32_t>(options_.grpc.max_streams);
  options.max_message = options_.grpc.max_request;
  options.max_buffered = options_.grpc.max_buffered;
  options.max_connection_age = options_.grpc.max_connection_age;
  options.call_deadline = options_.grpc.body_timeout;
  options.idle_deadline = options_.grpc.idle_timeout;
  options.busy = come_again(options.busy.message, kWhenBusy);
  auto server = grpc::Server::listen(
      io_, std::move(options),
      [this](const grpc::ServerCall& call) { return grpc_service_.admit(call); },
      [this](grpc::ServerCall call, grpc::Responder respond) {
        grpc_service_.handle(std::move(call), std::move(respond));
      });
  if (!server) return within("receive.grpc.listen", std::move(server.error()));
  grpc_ = std::move(*server);
  log::info("relay", "OTLP/gRPC on {}{}", grpc_->name(),
            options_.grpc.tls.cert_file.empty() ? "" : " with TLS");
  return {};
}

Result<void> Relay::listen_http() {
  http::ServerOptions options;
  options.address = options_.http.address;
  options.port = options_.http.port;
  options.tls = options_.http.tls;
  options.max_connections = options_.http.max_connections;
  options.max_body = options_.http.max_request;
  options.max_buffered = options_.http.max_buffered;
  options.body_deadline = options_.http.body_timeout;
  options.idle_deadline = options_.http.idle_timeout;
  options.admit = [this](const http::ServerRequest& request) {
    return http_service_.admit(request);
  };
  options.answer_fault = &HttpService::fault;
  auto server = http::Server::listen(io_, std::move(options),
                                     [this](http::ServerRequest request, http::Responder respond) {
                                       http_service_.handle(std::move(request), std::move(respond));
                                     });
  if (!server) return within("receive.http.listen", std::move(server.error()));
  http_ = std::move(*server);
  log::info("relay", "OTLP/HTTP on {}{}", http_->name(),
            options_.http.tls.cert_file.empty() ? "" : " with TLS");
  return {};
}

Result<void> Relay::start() {
  if (const auto kept = spool_.load_value(kPeersKey); kept && kept->has_value()) {
    peers_->restore(**kept);
  }
  if (!options_.grpc.listen.empty()) {
    if (auto listening = listen_grpc(); !listening) return listening;
  }
  if (!options_.http.listen.empty()) {
    if (auto listening = listen_http(); !listening) return listening;
  }
  save_peers_later();
  return {};
}

// What a stop or a full disk refuses is kept the next time.
void Relay::save_peers() {
  const std::string text = peers_->text(spool::kMaxValue);
  if (!text.empty()) static_cast<void>(spool_.save_value_soon(kPeersKey, text));
}

void Relay::save_peers_later() {
  peers_timer_.expires_after(kSavePeers);
  peers_timer_.async_wait(
      [this, alive = std::weak_ptr<int>(alive_)](const boost::system::error_code& error) {
        if (error || alive.expired()) return;
        save_peers();
        save_peers_later();
      });
}

Result<void> Relay::renew_certificates() {
  if (grpc_ && !options_.grpc.tls.cert_file.empty()) {
    auto renewed = grpc_->replace_tls(options_.grpc.tls);
    if (!renewed) return within("receive.grpc", std::move(renewed.error()));
  }
  if (http_ && !options_.http.tls.cert_file.empty()) {
    auto renewed = http_->replace_tls(options_.http.tls);
    if (!renewed) return within("receive.http", std::move(renewed.error()));
  }
  return {};
}

void Relay::stop(std::chrono::milliseconds limit, const std::function<void()>& done) {
  peers_timer_.cancel();
  const auto finish = [this, done] {
    save_peers();
    done();
  };
  auto left = std::make_shared<int>((grpc_ ? 1 : 0) + (http_ ? 1 : 0));
  if (*left == 0) return finish();
  const auto one_less = [left, finish] {
    if (--*left == 0) finish();
  };
  if (grpc_) grpc_->stop(limit, one_less);
  if (http_) http_->stop(limit, one_less);
}

std::vector<ListenerStats> Relay::stats() const {
  std::vector<ListenerStats> stats;
  if (grpc_) {
    const grpc::ServerCounts counts = grpc_->counts();
    stats.push_back({fmt::format("grpc {}", grpc_->name()), !options_.grpc.tls.cert_file.empty(),
                     counts.connections, counts.buffered, counts.refused_connections});
  }
  if (http_) {
    stats.push_back({fmt::format("http {}", http_->name()), !options_.http.tls.cert_file.empty(),
                     http_->connections(), http_->buffered(), http_->counters().refused});
  }
  return stats;
}

}  // namespace edgehaul::relay
