// SPDX-License-Identifier: Apache-2.0
#include "http/stream.hpp"

#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "http/server_tls.hpp"

namespace edgehaul::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Buffers = std::array<asio::const_buffer, 2>;

void close_socket(Socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}

  void handshake(Step step) override {
    asio::post(socket_.get_executor(), [step = std::move(step)] { step({}, 0); });
  }
  void read_some(char* into, std::size_t size, Step step) override {
    socket_.async_read_some(asio::buffer(into, size), std::move(step));
  }
  void write(Buffers buffers, Step step) override {
    asio::async_write(socket_, buffers, std::move(step));
  }
  void finish(bool, Step step) override {
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    asio::post(socket_.get_executor(), [step = std::move(step), error] { step(error, 0); });
  }
  void close() override { close_socket(socket_); }

 private:
  Socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  void handshake(Step step) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [step = std::move(step)](const error_code& error) { step(error, 0); });
  }
  void read_some(char* into, std::size_t size, Step step) override {
    stream_.async_read_some(asio::buffer(into, size), std::move(step));
  }
  void write(Buffers buffers, Step step) override {
    asio::async_write(stream_, buffers, std::move(step));
  }
  void finish(bool has_unread, Step step) override {
    // A TLS shutdown would break on the data that is still coming.
    if (has_unread) return post_success(std::move(step));
    stream_.async_shutdown([step = std::move(step)](const error_code& error) { step(error, 0); });
  }
  void close() override { close_socket(stream_.next_layer()); }
  std::string peer_name() const override { return peer_common_name(handle()); }
  std::string protocol() const override {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(handle(), &name, &size);
    return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
  }

 private:
  void post_success(Step step) {
    asio::post(stream_.get_executor(), [step = std::move(step)] { step({}, 0); });
  }
  SSL* handle() const { return const_cast<asio::ssl::stream<Socket>&>(stream_).native_handle(); }

  std::shared_ptr<asio::ssl::context> context_;  // kept by connections after a renewal
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

Result<std::unique_ptr<Stream>> make_stream(asio::io_context& io, Accepted accepted,
                                            std::shared_ptr<asio::ssl::context> tls) {
  Socket socket(io);
  error_code error;
  socket.assign(asio::generic::stream_protocol(accepted.family, 0), accepted.socket.get(), error);
  if (error) return fail(Errc::io, "{}: {}", accepted.peer, error.message());
  accepted.socket.release();
  if (!tls) return std::unique_ptr<Stream>(std::make_unique<PlainStream>(std::move(socket)));
  return std::unique_ptr<Stream>(std::make_unique<TlsStream>(std::move(socket), std::move(tls)));
}

}  // namespace edgehaul::http
