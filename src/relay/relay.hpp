// SPDX-License-Identifier: Apache-2.0
// The receiving half of a relay: OTLP/gRPC and OTLP/HTTP listeners in front of the spool. Owned by
// the daemon; lives on the main thread with its io_context.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "grpc/server.hpp"
#include "http/server.hpp"
#include "relay/grpc_service.hpp"
#include "relay/http_service.hpp"
#include "relay/intake.hpp"
#include "relay/options.hpp"
#include "relay/peers.hpp"
#include "spool/spool.hpp"

namespace edgehaul::relay {

struct ListenerStats {
  std::string name;  // "grpc 0.0.0.0:4317"
  bool has_tls = false;
  std::size_t connections = 0;
  std::size_t buffered = 0;   // bytes of requests under way
  std::uint64_t refused = 0;  // connections
};

class Relay {
 public:
  // `peers` outlives this, so that the table survives a reload; who sent and when is kept in the
  // spool as well, for the next start.
  Relay(boost::asio::io_context& io, Options options, spool::Spool& spool, const base::Clock& clock,
        std::shared_ptr<Peers> peers);

  Result<void> start();
  // Reads certificates anew, for connections from now on; the old ones stay when that fails.
  Result<void> renew_certificates();
  // Takes nothing new, lets what is under way be committed and answered until `limit`; `done` is
  // called on the io_context.
  void stop(std::chrono::milliseconds limit, const std::function<void()>& done);
  std::vector<ListenerStats> stats() const;
  const Options& options() const { return options_; }
  std::uint16_t grpc_port() const { return grpc_ ? grpc_->port() : std::uint16_t{0}; }
  std::uint16_t http_port() const { return http_ ? http_->port() : std::uint16_t{0}; }

 private:
  Result<void> listen_grpc();
  Result<void> listen_http();
  void save_peers();
  void save_peers_later();

  boost::asio::io_context& io_;
  const Options options_;
  spool::Spool& spool_;
  const std::shared_ptr<Peers> peers_;
  boost::asio::steady_timer peers_timer_;
  Intake intake_;
  GrpcService grpc_service_;
  HttpService http_service_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<http::Server> http_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // a timer may be over and not yet called
};

}  // namespace edgehaul::relay
