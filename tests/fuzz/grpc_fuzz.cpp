// SPDX-License-Identifier: Apache-2.0
// Bytes of a stranger as one connection of the gRPC server, in memory instead of on a socket: the
// session may end, it may never hold more than its budget or forget to give it back. The first byte
// chooses the size of the pieces and whether the preface is put in front.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "fuzz/require.hpp"
#include "grpc/connection.hpp"
#include "http/stream.hpp"

using namespace edgehaul;
using boost::system::error_code;
using fuzz::require;
using grpc::Code;

namespace {

constexpr std::size_t kMaxMessage = 64 * 1024;
constexpr std::size_t kMaxBuffered = 1024 * 1024;
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Gives the input in pieces, then the peer's end; swallows what is written.
class Tape : public http::Stream {
 public:
  Tape(boost::asio::io_context& io, std::string bytes, std::size_t piece)
      : io_(io), bytes_(std::move(bytes)), piece_(piece) {}

  void handshake(Step step) override { later(std::move(step), {}, 0); }
  void read_some(char* into, std::size_t size, Step step) override {
    const std::size_t count = std::min({size, piece_, bytes_.size() - at_});
    if (is_closed_ || count == 0) return later(std::move(step), boost::asio::error::eof, 0);
    bytes_.copy(into, count, at_);
    at_ += count;
    later(std::move(step), {}, count);
  }
  void write(std::array<boost::asio::const_buffer, 2> buffers, Step step) override {
    later(std::move(step), is_closed_ ? boost::asio::error::broken_pipe : error_code(),
          buffers[0].size() + buffers[1].size());
  }
  void finish(bool, Step step) override { later(std::move(step), {}, 0); }
  void close() override { is_closed_ = true; }

 private:
  void later(Step step, error_code error, std::size_t size) {
    boost::asio::post(io_, [step = std::move(step), error, size] { step(error, size); });
  }

  boost::asio::io_context& io_;
  std::string bytes_;
  std::size_t at_ = 0;
  std::size_t piece_;
  bool is_closed_ = false;
};

// The message chooses the answer.
void handle(const grpc::ServerCall& call, const grpc::Responder& respond) {
  require(call.message.size() <= kMaxMessage);
  const char kind = call.message.empty() ? 'e' : call.message[0];
  if (kind == 'd') return;  // dropped
  if (kind == 'u') return respond({Code::unavailable, "full \n\xff", call.message, ""});
  respond({Code::ok, "", "", call.message});
}

void run(std::string bytes, std::size_t piece) {
  boost::asio::io_context io{1};
  auto host = std::make_shared<grpc::Host>();
  host->options.max_message = kMaxMessage;
  host->options.max_buffered = kMaxBuffered;
  host->options.max_streams = 8;
  host->options.max_header = 4096;
  host->admit = [](const grpc::ServerCall& call) -> std::optional<grpc::ServerReply> {
    if (call.path.starts_with("/opentelemetry")) return std::nullopt;
    return grpc::ServerReply{Code::unimplemented, "no such method", "", ""};
  };
  host->handler = &handle;
  bool has_ended = false;
  std::shared_ptr<grpc::Connection> connection;
  host->ended = [&](grpc::Connection&) { has_ended = true; };
  host->room = [&] {
    if (connection && !has_ended) connection->resume();
  };
  connection = std::make_shared<grpc::Connection>(
      io, host, std::make_unique<Tape>(io, std::move(bytes), piece), "peer:1");
  connection->start();
  while (!has_ended) {
    require(io.run_one() > 0);
    require(host->counts.buffered <= kMaxBuffered + kMaxMessage);
    require(host->counts.streams <= host->options.max_streams);
  }
  io.poll();
  require(host->counts.buffered == 0 && host->counts.streams == 0);
  require(host->privileged == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes((data[0] & 0x80) != 0 ? "" : kPreface);
  bytes += fuzz::view(data + 1, size - 1);
  const std::size_t piece = (data[0] & 0x7F) == 0 ? bytes.size() + 1 : data[0] & 0x7F;
  run(std::move(bytes), piece);
  return 0;
}
