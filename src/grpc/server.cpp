// SPDX-License-Identifier: Apache-2.0
#include "grpc/server.hpp"

#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "grpc/connection.hpp"
#include "http/bind.hpp"
#include "http/listener.hpp"
#include "http/server_tls.hpp"
#include "http/stream.hpp"

namespace edgehaul::grpc {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, std::shared_ptr<Host> host, http::Bound bound, TlsContext tls)
      : io_(io),
        tls_(std::move(tls)),
        host_(std::move(host)),
        listener_(std::make_shared<http::Listener>(io, std::move(bound))),
        timer_(io) {}

  void start();
  void stop(std::chrono::milliseconds limit, std::function<void()> done);
  void close_all();
  Result<void> replace_tls(const http::ServerTls& files);
  std::uint16_t port() const { return listener_->bound().port(); }
  const std::string& name() const { return listener_->bound().name(); }
  ServerCounts counts() const;

 private:
  void on_accept(http::Accepted accepted);
  void forget(Connection& connection);
  std::vector<std::shared_ptr<Connection>> all() const;

  boost::asio::io_context& io_;
  TlsContext tls_;
  std::shared_ptr<Host> host_;
  std::shared_ptr<http::Listener> listener_;
  boost::asio::steady_timer timer_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::function<void()> stopped_;
};

void Server::Impl::start() {
  host_->ended = [weak = weak_from_this()](Connection& connection) {
    if (const auto self = weak.lock()) self->forget(connection);
  };
  host_->room = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    for (const auto& connection : self->all())
      connection->resume();
  };
  listener_->start([weak = weak_from_this()](http::Accepted accepted) {
    if (const auto self = weak.lock()) self->on_accept(std::move(accepted));
  });
}

void Server::Impl::on_accept(http::Accepted accepted) {
  if (connections_.size() >= host_->options.max_connections) {
    ++host_->counts.refused_connections;
    return;
  }
  std::string peer = accepted.peer;
  auto stream = http::make_stream(io_, std::move(accepted), tls_);
  if (!stream) return;
  auto connection = std::make_shared<Connection>(io_, host_, std::move(*stream), std::move(peer));
  connections_.emplace(connection.get(), connection);
  connection->start();
}

void Server::Impl::forget(Connection& connection) {
  connections_.erase(&connection);
  if (connections_.empty() && stopped_) {
    timer_.cancel();
    boost::asio::post(io_, std::exchange(stopped_, nullptr));
  }
}

std::vector<std::shared_ptr<Connection>> Server::Impl::all() const {
  std::vector<std::shared_ptr<Connection>> out;
  out.reserve(connections_.size());
  for (const auto& [key, connection] : connections_)
    out.push_back(connection);
  return out;
}

void Server::Impl::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  listener_->stop();
  if (connections_.empty()) {
    boost::asio::post(io_, std::move(done));
    return;
  }
  stopped_ = std::move(done);
  timer_.expires_after(limit);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->close_all();
  });
  for (const auto& connection : all())
    connection->drain();
}

void Server::Impl::close_all() {
  listener_->stop();
  for (const auto& connection : all())
    connection->end();
}

ServerCounts Server::Impl::counts() const {
  ServerCounts out = host_->counts;
  out.connections = connections_.size();
  return out;
}

Result<void> Server::Impl::replace_tls(const http::ServerTls& files) {
  if (!tls_) return fail(Errc::invalid, "{}: does not speak TLS", listener_->bound().name());
  auto context = http::make_server_tls(files, {"h2"});
  if (!context) return pass(std::move(context.error()));
  tls_ = std::move(*context);
  return {};
}

Result<std::unique_ptr<Server>> Server::listen(boost::asio::io_context& io, ServerOptions options,
                                               Admit admit, Handler handler) {
  TlsContext tls;
  if (!options.tls.cert_file.empty()) {
    auto context = http::make_server_tls(options.tls, {"h2"});
    if (!context) return pass(std::move(context.error()));
    tls = std::move(*context);
  }
  auto bound = http::Bound::tcp(options.address, options.port);
  if (!bound) return pass(std::move(bound.error()));
  auto host = std::make_shared<Host>();
  host->options = std::move(options);
  host->admit = std::move(admit);
  host->handler = std::move(handler);
  auto impl = std::make_shared<Impl>(io, std::move(host), std::move(*bound), std::move(tls));
  impl->start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() {
  impl_->close_all();
}
std::uint16_t Server::port() const {
  return impl_->port();
}
const std::string& Server::name() const {
  return impl_->name();
}
ServerCounts Server::counts() const {
  return impl_->counts();
}
Result<void> Server::replace_tls(const http::ServerTls& files) {
  return impl_->replace_tls(files);
}
void Server::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  impl_->stop(limit, std::move(done));
}

}  // namespace edgehaul::grpc
