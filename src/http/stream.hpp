// SPDX-License-Identifier: Apache-2.0
// One accepted byte stream, plain or TLS, behind one type, so that what runs on it is compiled
// once. Owned by a session, which must outlive every step it starts; io_context thread only.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "http/listener.hpp"

namespace edgehaul::http {

class Stream {
 public:
  using Step = std::function<void(const boost::system::error_code&, std::size_t)>;

  virtual ~Stream() = default;
  // Called once, first.
  virtual void handshake(Step step) = 0;
  virtual void read_some(char* into, std::size_t size, Step step) = 0;
  // Writes all of both buffers.
  virtual void write(std::array<boost::asio::const_buffer, 2> buffers, Step step) = 0;
  // Says that no more will be sent; reading goes on until the peer's end. With `has_unread` the
  // peer may be in the middle of a request.
  virtual void finish(bool has_unread, Step step) = 0;
  // Closes at once; steps under way end with an error.
  virtual void close() = 0;
  // After the handshake: common name of the peer's certificate.
  virtual std::string peer_name() const { return {}; }
  // After the handshake: the protocol agreed by ALPN, empty without.
  virtual std::string protocol() const { return {}; }
};

// Fails when the descriptor cannot be watched.
Result<std::unique_ptr<Stream>> make_stream(boost::asio::io_context& io, Accepted accepted,
                                            std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace edgehaul::http
