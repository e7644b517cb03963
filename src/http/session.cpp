// SPDX-License-Identifier: Apache-2.0
#include "http/session.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>

#include "http/response_head.hpp"

namespace edgehaul::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kHeaderRead = 4 * 1024;
constexpr std::size_t kBodyRead = 32 * 1024;
constexpr std::size_t kPace = 64 * 1024;  // see ServerOptions::body_deadline
// How long a connection is drained after its last answer. Closing with unread bytes in the kernel
// resets the connection, and the peer may lose the answer.
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// The way back from a handler; shared by the copies of a Responder.
class Reply {
 public:
  Reply(std::shared_ptr<Gate> gate, std::weak_ptr<Session> session, std::uint64_t exchange)
      : gate_(std::move(gate)), session_(std::move(session)), exchange_(exchange) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() { give(std::nullopt); }

  void give(std::optional<ServerResponse> response) {
    if (given_.test_and_set()) return;
    auto task = [session = session_, exchange = exchange_,
                 response = std::move(response)]() mutable {
      if (const auto alive = session.lock()) alive->answer(exchange, std::move(response));
    };
    {
      const std::lock_guard lock(gate_->mutex);
      if (gate_->io == nullptr) return;
      if (!gate_->io->get_executor().running_in_this_thread()) {
        asio::post(*gate_->io, std::move(task));
        return;
      }
    }
    task();
  }

 private:
  std::shared_ptr<Gate> gate_;
  std::weak_ptr<Session> session_;
  std::uint64_t exchange_;
  std::atomic_flag given_;
};

}  // namespace

Session::Session(asio::io_context& io, std::shared_ptr<SessionHost> host,
                 std::unique_ptr<Stream> stream, std::string peer)
    : host_(std::move(host)),
      stream_(std::move(stream)),
      timer_(io),
      peer_(std::move(peer)),
      reader_(host_->options.max_header, host_->options.max_body) {}

Session::~Session() = default;

void Session::start() {
  arm(host_->options.header_deadline);
  stream_->handshake([self = shared_from_this()](const error_code& error, std::size_t) {
    self->on_handshake(error);
  });
}

void Session::on_handshake(const error_code& error) {
  if (phase_ == Phase::ended) return;
  if (error) {
    ++host_->counters.handshake_faults;
    return end();
  }
  peer_name_ = stream_->peer_name();
  next_request();
}

void Session::next_request() {
  reader_.reset();
  phase_ = Phase::idle;
  if (host_->is_stopping) return linger(false);
  idle_since_ = ++host_->idle_turn;
  arm(exchange_ == 0 ? host_->options.header_deadline : host_->options.idle_deadline);
  if (!input_.empty()) return parse();
  input_.shrink(kHeaderRead);
  read();
}

void Session::read() {
  const std::size_t size = phase_ == Phase::body ? kBodyRead : kHeaderRead;
  stream_->read_some(input_.room(size), size,
                     [self = shared_from_this()](const error_code& error, std::size_t count) {
                       self->on_read(error, count);
                     });
}

void Session::on_read(const error_code& error, std::size_t size) {
  if (phase_ != Phase::idle && phase_ != Phase::header && phase_ != Phase::body) return;
  if (error) return end();
  input_.filled(size);
  parse();
}

void Session::parse() {
  if (phase_ == Phase::idle) {
    phase_ = Phase::header;
    arm(host_->options.header_deadline);
  }
  std::string_view rest = input_.view();
  const std::size_t offered = rest.size();
  const RequestReader::State state = reader_.feed(rest);
  input_.consume(offered - rest.size());
  if (!charge(reader_.body_size())) return refuse(503, "too many requests are being received");
  switch (state) {
    case RequestReader::State::header:
      return read();
    case RequestReader::State::head:
      return on_head();
    case RequestReader::State::body:
      return on_body_bytes();
    case RequestReader::State::done:
      return dispatch();
    case RequestReader::State::failed:
      return refuse(reader_.fault_status(), reader_.fault());
  }
}

void Session::on_head() {
  reader_.request().peer = peer_;
  reader_.request().peer_name = peer_name_;
  if (host_->options.admit) {
    if (auto refusal = host_->options.admit(reader_.request())) {
      ++host_->counters.faults;
      keeps_alive_ = reader_.keep_alive();
      is_head_ = reader_.is_head();
      return write(std::move(*refusal), reader_.has_body());
    }
  }
  if (reader_.read_body() == RequestReader::State::body) {
    phase_ = Phase::body;
    paced_ = 0;
    arm(host_->options.body_deadline);
    if (reader_.wants_continue() && input_.empty()) return send_continue();
  }
  parse();
}

void Session::send_continue() {
  stream_->write({asio::buffer(kContinue), asio::const_buffer()},
                 [self = shared_from_this()](const error_code& error, std::size_t) {
                   if (self->phase_ != Phase::body) return;
                   if (error) return self->end();
                   self->read();
                 });
}

void Session::on_body_bytes() {
  if (reader_.body_size() - paced_ >= kPace) {
    paced_ = reader_.body_size();
    arm(host_->options.body_deadline);
  }
  read();
}

void Session::dispatch() {
  disarm();
  phase_ = Phase::handler;
  keeps_alive_ = reader_.keep_alive();
  is_head_ = reader_.is_head();
  ++exchange_;
  ++host_->counters.requests;
  auto reply = std::make_shared<Reply>(host_->gate, weak_from_this(), exchange_);
  // The answer may come before the handler returns, and even end this session.
  host_->handler(std::move(reader_.request()), [reply = std::move(reply)](ServerResponse response) {
    reply->give(std::move(response));
  });
}

void Session::answer(std::uint64_t exchange, std::optional<ServerResponse> response) {
  if (phase_ != Phase::handler || exchange != exchange_) return;
  release();
  // 503 and not 500: senders of telemetry repeat the one and throw data away after the other.
  if (!response) response = fault_answer(503, "the request was dropped");
  write(std::move(*response), false);
}

void Session::refuse(int status, std::string_view words) {
  keeps_alive_ = false;
  is_head_ = reader_.is_head();
  ServerResponse response = fault_answer(status, words);
  release();
  write(std::move(response), true);
}

ServerResponse Session::fault_answer(int status, std::string_view words) {
  ++host_->counters.faults;
  if (host_->options.answer_fault) {
    return host_->options.answer_fault(status, words, reader_.request());
  }
  ServerResponse response;
  response.status = status;
  response.headers = {{"content-type", "text/plain; charset=utf-8"}};
  if (status == 503) response.headers.emplace_back("retry-after", "1");
  response.body = std::string(words) + "\n";
  return response;
}

void Session::write(ServerResponse response, bool has_unread) {
  phase_ = Phase::write;
  closes_unread_ = has_unread;
  keeps_alive_ = keeps_alive_ && !has_unread && !host_->is_stopping;
  out_head_ = encode_response_head(response, keeps_alive_);
  out_body_.clear();
  if (!is_head_ && may_have_body(response.status)) out_body_ = std::move(response.body);
  arm(host_->options.write_deadline);
  stream_->write({asio::buffer(out_head_), asio::buffer(out_body_)},
                 [self = shared_from_this()](const error_code& error, std::size_t) {
                   self->on_written(error);
                 });
}

void Session::on_written(const error_code& error) {
  if (phase_ != Phase::write) return;
  out_head_ = std::string();
  out_body_ = std::string();
  if (error) return end();
  if (!keeps_alive_) return linger(closes_unread_);
  next_request();
}

void Session::linger(bool has_unread) {
  phase_ = Phase::linger;
  reader_.reset();
  arm(kLinger);
  stream_->finish(has_unread, [self = shared_from_this()](const error_code&, std::size_t) {
    if (self->phase_ == Phase::linger) self->drain();
  });
}

void Session::drain() {
  input_.consume(input_.view().size());
  stream_->read_some(input_.room(kHeaderRead), kHeaderRead,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (self->phase_ != Phase::linger) return;
                       if (error) return self->end();
                       self->drain();
                     });
}

void Session::stop() {
  if (phase_ == Phase::handshake || phase_ == Phase::idle || phase_ == Phase::linger) end();
}

void Session::end() {
  if (phase_ == Phase::ended) return;
  const auto self = shared_from_this();
  phase_ = Phase::ended;
  disarm();
  release();
  stream_->close();
  if (host_->ended) host_->ended(*this);
}

void Session::arm(std::chrono::milliseconds limit) {
  const std::uint64_t number = ++armed_;
  timer_.expires_after(limit);
  timer_.async_wait([self = shared_from_this(), number](const error_code& error) {
    // An expiry that was already queued when the deadline moved is told by its number.
    if (!error && number == self->armed_) self->on_deadline();
  });
}

void Session::disarm() {
  ++armed_;
  timer_.cancel();
}

// No 408: senders of telemetry take it for a refusal and throw their data away, while they repeat
// after a connection that ends without an answer.
void Session::on_deadline() {
  if (phase_ == Phase::ended) return;
  const bool is_routine = phase_ == Phase::linger || (phase_ == Phase::idle && exchange_ != 0);
  if (!is_routine) ++host_->counters.timeouts;
  end();
}

bool Session::charge(std::size_t held) {
  const std::size_t more = held - std::min(held, charged_);
  const ServerOptions& options = host_->options;
  const std::size_t most = std::max(options.max_buffered, options.max_body);
  if (options.max_buffered != 0 && host_->buffered + more > most) return false;
  host_->buffered += more;
  charged_ += more;
  return true;
}

void Session::release() {
  host_->buffered -= charged_;
  charged_ = 0;
}

}  // namespace edgehaul::http
