// SPDX-License-Identifier: Apache-2.0
// One HTTP/2 connection of the gRPC server: an nghttp2 session between a byte stream and calls.
// Shared by its server and by the steps under way; io_context thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "grpc/exchange.hpp"
#include "grpc/server.hpp"
#include "http/stream.hpp"

struct nghttp2_session;

namespace edgehaul::grpc {

class Connection;

// What the connections of a server share with it.
struct Host {
  ServerOptions options;
  Admit admit;
  Handler handler;
  ServerCounts counts;
  // The one call that may go on filling while the budget is used up, so that full buffers always
  // drain: with it the bound is max_buffered + max_message.
  const Exchange* privileged = nullptr;
  int wide_inputs = 0;
  std::function<void(Connection&)> ended;
  std::function<void()> room;  // budget was freed: stalled connections may go on
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& io, std::shared_ptr<Host> host,
             std::unique_ptr<http::Stream> stream, std::string peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // GOAWAY now, the end after the calls in flight.
  void drain();
  void end();
  // Opens windows that the budget had kept shut.
  void resume();
  // The answer of call `number` (Call::number); ignored when it is gone.
  void answer(std::int32_t stream, std::uint64_t number, ServerReply reply);

 private:
  friend struct Callbacks;
  struct Call : Exchange {
    using Exchange::Exchange;
    std::uint64_t number = 0;  // of this connection, never reused; the answer must name it
    std::string frame;         // the response message, framed
    std::size_t sent = 0;
    ServerReply reply;
  };

  void on_handshake(const boost::system::error_code& error);
  void read();
  void set_input(std::size_t size);
  void on_read(const boost::system::error_code& error, std::size_t size);
  void flush();
  void on_written(const boost::system::error_code& error);
  void finish_if_idle();

  Call* find(std::int32_t stream);
  void on_headers(Call& call);
  void on_data(Call& call, std::string_view bytes);
  void on_end(Call& call);
  void on_closed(std::int32_t stream);
  void submit(Call& call, ServerReply reply);
  void submit_http(Call& call, int status);
  void consume(Call& call);
  void charge(Call& call, std::size_t bytes);
  void arm();
  void on_deadline();
  void expire(base::Steady now);

  boost::asio::io_context& io_;
  std::shared_ptr<Host> host_;
  std::unique_ptr<http::Stream> stream_;
  std::string peer_;
  std::string peer_name_;
  nghttp2_session* session_ = nullptr;
  boost::asio::steady_timer timer_;
  std::map<std::int32_t, std::unique_ptr<Call>> calls_;
  std::unique_ptr<char[]> input_;
  std::size_t input_size_ = 0;
  std::string output_;
  std::uint64_t next_number_ = 1;
  base::Steady idle_since_{};
  base::Steady write_deadline_{};
  base::Steady goes_away_{};     // when its age ends it
  base::Steady final_goaway_{};  // between the notice and the real GOAWAY
  base::Steady drain_ends_{};
  bool is_writing_ = false;
  bool is_draining_ = false;
  bool said_goaway_ = false;
  bool has_ended_ = false;
};

}  // namespace edgehaul::grpc
