// SPDX-License-Identifier: Apache-2.0
#include "relay/relay.hpp"

#include <utility>

#include "base/log.hpp"

namespace edgehaul::relay {

Relay::Relay(boost::asio::io_context& io, Options options, spool::Spool& spool,
             const base::Clock& clock)
    : io_(io),
      options_(std::move(options)),
      peers_(options_.max_peers),
      intake_(spool, clock, peers_),
      grpc_service_(intake_, options_.grpc.access),
      http_service_(intake_, options_.http.access, options_.http.max_request) {}

Result<void> Relay::listen_grpc() {
  grpc::ServerOptions options;
  options.address = options_.grpc.address;
  options.port = options_.grpc.port;
  options.tls = options_.grpc.tls;
  options.max_connections = options_.grpc.max_connections;
  options.max_streams = static_cast<std::uint32_t>(options_.max_streams);
  options.max_message = options_.grpc.max_request;
  options.max_buffered = options_.grpc.max_buffered;
  options.max_connection_age = options_.max_connection_age;
  auto server = grpc::Server::listen(
      io_, std::move(options),
      [this](const grpc::ServerCall& call) { return grpc_service_.admit(call); },
      [this](grpc::ServerCall call, grpc::Responder respond) {
        grpc_service_.handle(std::move(call), std::move(respond));
      });
  if (!server) return within("receive.grpc", std::move(server.error()));
  grpc_ = std::move(*server);
  log::info("relay", "OTLP/gRPC on {}:{}{}", options_.grpc.address, grpc_->port(),
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
  options.admit = [this](const http::ServerRequest& request) {
    return http_service_.admit(request);
  };
  options.answer_fault = &HttpService::fault;
  auto server = http::Server::listen(io_, std::move(options),
                                     [this](http::ServerRequest request, http::Responder respond) {
                                       http_service_.handle(std::move(request), std::move(respond));
                                     });
  if (!server) return within("receive.http", std::move(server.error()));
  http_ = std::move(*server);
  log::info("relay", "OTLP/HTTP on {}:{}{}", options_.http.address, http_->port(),
            options_.http.tls.cert_file.empty() ? "" : " with TLS");
  return {};
}

Result<void> Relay::start() {
  if (options_.grpc.enabled) {
    if (auto listening = listen_grpc(); !listening) return listening;
  }
  if (options_.http.enabled) {
    if (auto listening = listen_http(); !listening) return listening;
  }
  return {};
}

void Relay::stop(std::chrono::milliseconds limit, const std::function<void()>& done) {
  auto left = std::make_shared<int>((grpc_ ? 1 : 0) + (http_ ? 1 : 0));
  if (*left == 0) return done();
  const auto one_less = [left, done] {
    if (--*left == 0) done();
  };
  if (grpc_) grpc_->stop(limit, one_less);
  if (http_) http_->stop(limit, one_less);
}

Stats Relay::stats() const {
  Stats stats;
  if (grpc_) {
    stats.listeners.push_back({fmt::format("grpc {}:{}", options_.grpc.address, grpc_->port()),
                               !options_.grpc.tls.cert_file.empty(), grpc_->counts().connections});
  }
  if (http_) {
    stats.listeners.push_back({fmt::format("http {}:{}", options_.http.address, http_->port()),
                               !options_.http.tls.cert_file.empty(), http_->connections()});
  }
  stats.peers = peers_.rows();
  stats.peers_forgotten = peers_.forgotten();
  return stats;
}

}  // namespace edgehaul::relay
