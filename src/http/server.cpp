// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/bind.hpp"
#include "http/listener.hpp"
#include "http/server_tls.hpp"
#include "http/session.hpp"
#include "http/stream.hpp"

namespace edgehaul::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, ServerOptions options, Handler handler, Bound bound,
       TlsContext tls)
      : io_(io),
        tls_(std::move(tls)),
        host_(std::make_shared<SessionHost>()),
        listener_(std::make_shared<Listener>(io, std::move(bound))),
        timer_(io) {
    host_->options = std::move(options);
    host_->handler = std::move(handler);
    host_->gate->io = &io;
  }

  void start();
  void stop(std::chrono::milliseconds limit, std::function<void()> done);
  void close_all();
  void abandon();
  Result<void> replace_tls(const ServerTls& files);

  const Bound& bound() const { return listener_->bound(); }
  std::size_t connections() const { return sessions_.size(); }
  std::size_t buffered() const { return host_->buffered; }
  ServerCounters counters() const;

 private:
  void on_accept(Accepted accepted);
  bool make_room();
  void refuse(const Accepted& accepted);
  void forget(Session& session);
  void finish_stop();
  std::vector<std::shared_ptr<Session>> all() const;

  boost::asio::io_context& io_;
  TlsContext tls_;  // none: cleartext
  std::shared_ptr<SessionHost> host_;
  std::shared_ptr<Listener> listener_;
  boost::asio::steady_timer timer_;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  std::function<void()> stopped_;
};

void Server::Impl::start() {
  host_->ended = [weak = weak_from_this()](Session& session) {
    if (const auto self = weak.lock()) self->forget(session);
  };
  listener_->start([weak = weak_from_this()](Accepted accepted) {
    if (const auto self = weak.lock()) self->on_accept(std::move(accepted));
  });
}

void Server::Impl::on_accept(Accepted accepted) {
  if (!make_room()) return refuse(accepted);
  std::string peer = accepted.peer;
  auto stream = make_stream(io_, std::move(accepted), tls_);
  if (!stream) return;
  ++host_->counters.accepted;
  auto session = std::make_shared<Session>(io_, host_, std::move(*stream), std::move(peer));
  sessions_.emplace(session.get(), session);
  session->start();
}

// The longest idle connection gives way: its peer may open another when it has something to say.
bool Server::Impl::make_room() {
  if (sessions_.size() < host_->options.max_connections) return true;
  std::shared_ptr<Session> oldest;
  for (const auto& [key, session] : sessions_) {
    if (!session->is_idle()) continue;
    if (!oldest || session->idle_since() < oldest->idle_since()) oldest = session;
  }
  if (!oldest) return false;
  oldest->end();
  return true;
}

void Server::Impl::refuse(const Accepted& accepted) {
  ++host_->counters.refused;
  if (tls_) return;
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
      "connection: close\r\n\r\n";
  // As good as it goes without waiting; a fresh socket's buffer has room.
  (void)::send(accepted.socket.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Server::Impl::forget(Session& session) {
  sessions_.erase(&session);
  if (sessions_.empty() && stopped_) finish_stop();
}

void Server::Impl::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  host_->is_stopping = true;
  listener_->stop();
  stopped_ = std::move(done);
  timer_.expires_after(limit);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->close_all();
  });
  for (const auto& session : all())
    session->stop();
  if (sessions_.empty() && stopped_) finish_stop();
}

void Server::Impl::finish_stop() {
  timer_.cancel();
  boost::asio::post(io_, std::exchange(stopped_, nullptr));
}

void Server::Impl::close_all() {
  listener_->stop();
  for (const auto& session : all())
    session->end();
}

void Server::Impl::abandon() {
  {
    const std::lock_guard lock(host_->gate->mutex);
    host_->gate->io = nullptr;
  }
  stopped_ = nullptr;
  timer_.cancel();
  close_all();
}

std::vector<std::shared_ptr<Session>> Server::Impl::all() const {
  std::vector<std::shared_ptr<Session>> out;
  out.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_)
    out.push_back(session);
  return out;
}

Result<void> Server::Impl::replace_tls(const ServerTls& files) {
  if (!tls_) return fail(Errc::invalid, "{}: does not speak TLS", bound().name());
  auto context = make_server_tls(files, {"http/1.1"});
  if (!context) return pass(context.error());
  tls_ = std::move(*context);
  return {};
}

ServerCounters Server::Impl::counters() const {
  ServerCounters out = host_->counters;
  out.accept_faults = listener_->faults();
  return out;
}

Result<std::unique_ptr<Server>> Server::listen(boost::asio::io_context& io, ServerOptions options,
                                               Handler handler) {
  TlsContext tls;
  if (!options.tls.cert_file.empty()) {
    auto context = make_server_tls(options.tls, {"http/1.1"});
    if (!context) return pass(context.error());
    tls = std::move(*context);
  }
  auto bound = options.unix_socket.empty()
                   ? Bound::tcp(options.address, options.port)
                   : Bound::unix_path(options.unix_socket, options.unix_mode);
  if (!bound) return pass(bound.error());
  auto impl = std::make_shared<Impl>(io, std::move(options), std::move(handler), std::move(*bound),
                                     std::move(tls));
  impl->start();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->abandon();
}

std::uint16_t Server::port() const {
  return impl_->bound().port();
}
const std::string& Server::name() const {
  return impl_->bound().name();
}
std::size_t Server::connections() const {
  return impl_->connections();
}
std::size_t Server::buffered() const {
  return impl_->buffered();
}

ServerCounters Server::counters() const {
  return impl_->counters();
}

Result<void> Server::replace_tls(const ServerTls& files) {
  return impl_->replace_tls(files);
}

void Server::stop(std::chrono::milliseconds limit, std::function<void()> done) {
  impl_->stop(limit, std::move(done));
}

}  // namespace edgehaul::http
