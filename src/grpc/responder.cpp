// SPDX-License-Identifier: Apache-2.0
#include "grpc/responder.hpp"

#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>

namespace edgehaul::grpc {

namespace {

class Ticket {
 public:
  Ticket(boost::asio::io_context& io, std::weak_ptr<Connection> connection, std::int32_t stream,
         std::uint64_t number)
      : io_(io), connection_(std::move(connection)), stream_(stream), number_(number) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() { answer({Code::unavailable, "the call was dropped", "", ""}); }

  void answer(ServerReply reply) {
    if (is_used_.exchange(true)) return;
    // The weak pointer is locked on the io_context's thread only: a connection must not die
    // elsewhere.
    boost::asio::post(io_, [connection = connection_, stream = stream_, number = number_,
                            reply = std::move(reply)]() mutable {
      if (const auto live = connection.lock()) live->answer(stream, number, std::move(reply));
    });
  }

 private:
  boost::asio::io_context& io_;
  std::weak_ptr<Connection> connection_;
  std::int32_t stream_;
  std::uint64_t number_;
  std::atomic<bool> is_used_{false};
};

}  // namespace

Responder make_responder(boost::asio::io_context& io, std::weak_ptr<Connection> connection,
                         std::int32_t stream, std::uint64_t number) {
  auto ticket = std::make_shared<Ticket>(io, std::move(connection), stream, number);
  return [ticket = std::move(ticket)](ServerReply reply) { ticket->answer(std::move(reply)); };
}

}  // namespace edgehaul::grpc
