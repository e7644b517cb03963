// SPDX-License-Identifier: Apache-2.0
// One connection: reads a request, hands it to the handler, writes the answer, and again; one
// request at a time, so that a handler under way holds back what the peer has pipelined. Owned by
// its server (and by steps under way, hence shared); io_context thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/input_buffer.hpp"
#include "http/request_reader.hpp"
#include "http/server.hpp"
#include "http/stream.hpp"

namespace edgehaul::http {

class Session;

// The way into the io_context for answers of other threads; shut when the server ends, so that an
// answer may come, or be dropped, however late.
struct Gate {
  std::mutex mutex;
  boost::asio::io_context* io = nullptr;  // none: shut
};

// What the sessions of a server share with it.
struct SessionHost {
  ServerOptions options;
  Handler handler;
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  ServerCounters counters;
  std::size_t buffered = 0;     // body bytes of all sessions
  std::uint64_t idle_turn = 0;  // orders idle sessions by age
  bool is_stopping = false;
  std::function<void(Session&)> ended;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::io_context& io, std::shared_ptr<SessionHost> host,
          std::unique_ptr<Stream> stream, std::string peer);
  ~Session();
  void start();
  // Ends at once when idle, else after the request in flight.
  void stop();
  // Ends at once.
  void end();
  // For a later answer; ignored unless request number `exchange` waits for it. nullopt: the handler
  // dropped the request.
  void answer(std::uint64_t exchange, std::optional<ServerResponse> response);

  // Between requests: nothing would be lost by closing.
  bool is_idle() const { return phase_ == Phase::idle; }
  std::uint64_t idle_since() const { return idle_since_; }

 private:
  enum class Phase : std::uint8_t { handshake, idle, header, body, handler, write, linger, ended };

  void on_handshake(const boost::system::error_code& error);
  void next_request();
  void read();
  void on_read(const boost::system::error_code& error, std::size_t size);
  void parse();
  void on_head();
  void on_body_bytes();
  void send_continue();
  void dispatch();
  void refuse(int status, std::string_view words);
  void write(ServerResponse response, bool has_unread);
  void on_written(const boost::system::error_code& error);
  void linger(bool has_unread);
  void drain();
  void arm(std::chrono::milliseconds limit);
  void disarm();
  void on_deadline();
  bool charge(std::size_t held);
  void release();
  ServerResponse fault_answer(int status, std::string_view words);

  std::shared_ptr<SessionHost> host_;
  std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer timer_;
  std::string peer_;
  std::string peer_name_;
  InputBuffer input_;
  RequestReader reader_;
  Phase phase_ = Phase::handshake;
  std::uint64_t armed_ = 0;     // number of the current deadline
  std::uint64_t exchange_ = 0;  // number of the current request
  std::uint64_t idle_since_ = 0;
  std::size_t charged_ = 0;  // of host_->buffered
  std::size_t paced_ = 0;    // body bytes at the current deadline's start
  bool keeps_alive_ = false;
  bool is_head_ = false;
  bool closes_unread_ = false;  // the peer may still be sending
  std::string out_head_;
  std::string out_body_;
};

}  // namespace edgehaul::http
