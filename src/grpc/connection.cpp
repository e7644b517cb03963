// SPDX-License-Identifier: Apache-2.0
#include "grpc/connection.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "grpc/http2_session.hpp"
#include "grpc/responder.hpp"

namespace edgehaul::grpc {

namespace {

using Clock = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::size_t kInput = 16 * 1024;  // one record of TLS, one frame of HTTP/2
// For as long as calls are open, after a read that was full: the kernel is asked a quarter as
// often. So many connections at most.
constexpr std::size_t kWideInput = 64 * 1024;
constexpr int kMostWideInputs = 64;
constexpr std::size_t kWriteStep = 64 * 1024;
constexpr std::chrono::seconds kWriteLimit{30};  // for one step of output
constexpr std::chrono::seconds kFirstLimit{10};  // TLS handshake and preface
constexpr std::chrono::seconds kGoawayGap{1};    // about a round trip between notice and GOAWAY

}  // namespace

Connection::Connection(boost::asio::io_context& io, std::shared_ptr<Host> host,
                       std::unique_ptr<http::Stream> stream, std::string peer)
    : io_(io),
      host_(std::move(host)),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      timer_(io) {}

Connection::~Connection() {
  if (input_size_ == kWideInput) --host_->wide_inputs;
  if (session_ != nullptr) free_session(session_);
}

void Connection::start() {
  const auto now = Clock::now();
  idle_since_ = now - host_->options.idle_deadline + kFirstLimit;
  // A tenth of jitter, so that peers which came together do not leave together.
  const auto age = host_->options.max_connection_age;
  const auto spread = age.count() / 10 + 1;
  goes_away_ = now + age - std::chrono::milliseconds(now.time_since_epoch().count() % spread);
  arm();
  stream_->handshake([self = shared_from_this()](const error_code& error, std::size_t) {
    self->on_handshake(error);
  });
}

void Connection::on_handshake(const error_code& error) {
  if (has_ended_) return;
  if (error) return end();
  peer_name_ = stream_->peer_name();
  session_ = make_session(*this, host_->options);
  if (session_ == nullptr) return end();
  flush();
  read();
}

void Connection::read() {
  if (input_size_ != kInput && calls_.empty()) set_input(kInput);
  stream_->read_some(input_.get(), input_size_,
                     [self = shared_from_this()](const error_code& e, std::size_t size) {
                       self->on_read(e, size);
                     });
}

void Connection::on_read(const error_code& error, std::size_t size) {
  if (has_ended_) return;
  if (error) return end();
  if (!receive(session_, std::string_view(input_.get(), size))) {
    ++host_->counts.protocol_errors;
    flush();  // the GOAWAY that says why
    if (!is_writing_) end();
    return;
  }
  flush();
  if (has_ended_) return;
  arm();
  const bool is_full = size == input_size_;
  if (is_full && size == kInput && host_->wide_inputs < kMostWideInputs) set_input(kWideInput);
  read();
}

// What was read is lost.
void Connection::set_input(std::size_t size) {
  host_->wide_inputs +=
      static_cast<int>(size == kWideInput) - static_cast<int>(input_size_ == kWideInput);
  input_ = std::make_unique_for_overwrite<char[]>(size);
  input_size_ = size;
}

void Connection::flush() {
  if (is_writing_ || has_ended_ || session_ == nullptr) return;
  output_.clear();
  while (output_.size() < kWriteStep && next_output(session_, output_)) {
  }
  if (output_.empty()) return finish_if_idle();
  is_writing_ = true;
  write_deadline_ = Clock::now() + kWriteLimit;
  stream_->write(
      {boost::asio::buffer(output_), boost::asio::const_buffer()},
      [self = shared_from_this()](const error_code& e, std::size_t) { self->on_written(e); });
}

void Connection::on_written(const error_code& error) {
  is_writing_ = false;
  if (has_ended_) return;
  if (error) return end();
  flush();
  if (!has_ended_) arm();
}

// After a protocol error, or a GOAWAY whose calls are done, nothing is wanted any more.
void Connection::finish_if_idle() {
  if (!wants_more(session_) || (said_goaway_ && calls_.empty())) end();
}

void Connection::end() {
  if (std::exchange(has_ended_, true)) return;
  timer_.cancel();
  const auto keep = shared_from_this();
  for (auto& [stream, call] : calls_) {
    charge(*call, 0);
    if (host_->privileged == call.get()) host_->privileged = nullptr;
    --host_->counts.streams;
  }
  calls_.clear();
  stream_->close();
  host_->ended(*this);
  host_->room();
}

void Connection::drain() {
  if (is_draining_ || has_ended_) return;
  is_draining_ = true;
  const auto now = Clock::now();
  drain_ends_ = now + host_->options.max_connection_age_grace;
  if (session_ == nullptr) return end();
  submit_goaway_notice(session_);
  final_goaway_ = now + kGoawayGap;
  flush();
  if (!has_ended_) arm();
}

Connection::Call* Connection::find(std::int32_t stream) {
  const auto found = calls_.find(stream);
  return found == calls_.end() ? nullptr : found->second.get();
}

void Connection::charge(Call& call, std::size_t bytes) {
  host_->counts.buffered += bytes;
  host_->counts.buffered -= call.charged;
  call.charged = bytes;
}

// Hands the stream's window back for what has been stored, unless the budget of all calls is used
// up. The connection's own window is handed back at once: a call that must wait may not hold up the
// others.
void Connection::consume(Call& call) {
  if (call.unconsumed == 0) return;
  const bool has_room = host_->counts.buffered < host_->options.max_buffered;
  if (!has_room && host_->privileged != nullptr && host_->privileged != &call) return;
  if (!has_room) host_->privileged = &call;
  open_stream_window(session_, call.stream(), std::exchange(call.unconsumed, 0));
}

void Connection::resume() {
  if (has_ended_ || session_ == nullptr) return;
  for (auto& [stream, call] : calls_)
    consume(*call);
  flush();
}

void Connection::on_headers(Call& call) {
  const auto judgement = call.judge_headers();
  if (judgement.http_status != 200) return submit_http(call, judgement.http_status);
  if (judgement.refusal) return submit(call, *judgement.refusal);
  if (host_->counts.buffered + kStreamWindow > host_->options.max_buffered) {
    return submit(call, host_->options.busy);
  }
  call.call().peer = peer_;
  call.call().peer_name = peer_name_;
  if (auto refusal = host_->admit(call.call())) return submit(call, std::move(*refusal));
  call.stage = Stage::body;
  charge(call, kStreamWindow);  // what the peer may send before anything is judged again
  const auto limit = call.timeout ? std::min(*call.timeout, host_->options.call_deadline)
                                  : host_->options.call_deadline;
  call.deadline = Clock::now() + limit;
}

void Connection::on_data(Call& call, std::string_view bytes) {
  open_connection_window(session_, bytes.size());
  call.unconsumed += bytes.size();
  if (call.stage == Stage::body) {
    const auto refusal = call.add_bytes(bytes, host_->options.max_message);
    charge(call, std::max(kStreamWindow, call.held()));
    if (refusal) submit(call, *refusal);
  }
  if (call.stage == Stage::body) consume(call);
}

void Connection::on_end(Call& call) {
  call.peer_ended = true;
  if (call.stage != Stage::body) return;
  auto message = call.take_message(host_->options.max_message);
  if (!message) {
    const bool is_too_large = message.error().code == Errc::too_large;
    return submit(call, {is_too_large ? Code::resource_exhausted : Code::invalid_argument,
                         message.error().message, "", ""});
  }
  charge(call, message->size() + call.call().coded.bytes.size());
  call.stage = Stage::handler;
  call.call().message = std::move(*message);
  host_->handler(std::move(call.call()),
                 make_responder(io_, weak_from_this(), call.stream(), call.number));
}

void Connection::answer(std::int32_t stream, std::uint64_t number, ServerReply reply) {
  Call* call = find(stream);
  if (has_ended_ || call == nullptr || call->number != number || call->stage != Stage::handler)
    return;
  submit(*call, std::move(reply));
  flush();
}

void Connection::on_closed(std::int32_t stream) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) return;
  charge(*found->second, 0);
  if (host_->privileged == found->second.get()) host_->privileged = nullptr;
  calls_.erase(found);
  --host_->counts.streams;
  if (calls_.empty()) idle_since_ = Clock::now();
  // Not from inside nghttp2's callback: the others may sit on this very session.
  boost::asio::post(io_, [host = host_] { host->room(); });
}

void Connection::submit(Call& call, ServerReply reply) {
  call.stage = Stage::answering;
  call.deadline = Clock::now() + kWriteLimit;
  call.reply = std::move(reply);
  // A peer that does not read its answers shall not make us keep its questions.
  call.forget();
  charge(call, 0);
  if (call.reply.code != Code::ok) return submit_error(session_, call.stream(), call.reply);
  auto framed = frame(call.reply.body, codec::Coding::identity);
  call.frame = framed ? std::move(*framed) : std::string();
  submit_message(session_, call.stream());
}

void Connection::submit_http(Call& call, int status) {
  call.stage = Stage::answering;
  call.frame = fmt::format("{}: this port speaks gRPC\n", status);
  submit_status(session_, call.stream(), status);
}

void Connection::arm() {
  auto next = is_draining_ ? (said_goaway_ ? drain_ends_ : final_goaway_) : goes_away_;
  if (calls_.empty()) next = std::min(next, idle_since_ + host_->options.idle_deadline);
  for (const auto& [stream, call] : calls_)
    next = std::min(next, call->deadline);
  if (is_writing_) next = std::min(next, write_deadline_);
  timer_.expires_at(next);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->on_deadline();
  });
}

void Connection::on_deadline() {
  if (has_ended_) return;
  const auto now = Clock::now();
  const bool is_idle = calls_.empty() && now >= idle_since_ + host_->options.idle_deadline;
  const bool is_stuck = is_writing_ && now >= write_deadline_;
  if (is_idle || is_stuck || (is_draining_ && said_goaway_ && now >= drain_ends_)) return end();
  if (!is_draining_ && now >= goes_away_) return drain();
  if (is_draining_ && !said_goaway_ && now >= final_goaway_) {
    said_goaway_ = true;
    submit_goaway(session_);
  }
  expire(now);
  flush();
  if (!has_ended_) arm();
}

void Connection::expire(base::Steady now) {
  for (auto& [stream, call] : calls_) {
    if (now < call->deadline) continue;
    if (call->stage == Stage::answering || call->stage == Stage::headers) {
      reset_stream(session_, stream);  // the peer does not read its answer, or never asks
    } else {
      submit(*call, {Code::deadline_exceeded, "the call took too long", "", ""});
    }
  }
}

}  // namespace edgehaul::grpc
