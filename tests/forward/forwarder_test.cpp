// SPDX-License-Identifier: Apache-2.0
// The whole room with the real spool, the real client and servers on loopback.
#include "forward/forwarder.hpp"

#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/codec.hpp"
#include "fakes.hpp"
#include "grpc/server.hpp"
#include "http/peer.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;
using forward::State;

namespace {

// What a server has taken, in order.
class Taken {
 public:
  void add(std::string_view body) {
    const std::lock_guard lock(mutex_);
    for (const unsigned number : test::numbers_in(body))
      numbers_.push_back(number);
  }
  std::vector<unsigned> numbers() const {
    const std::lock_guard lock(mutex_);
    return numbers_;
  }
  std::size_t count() const { return numbers().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<unsigned> numbers_;
};

std::vector<unsigned> one_to(unsigned last) {
  std::vector<unsigned> out(last);
  std::iota(out.begin(), out.end(), 1U);
  return out;
}

// Spool and forwarder as the daemon puts them together.
struct Host {
  explicit Host(forward::Destination destination) {
    spool::Options spool_options;
    spool_options.directory = dir.at("spool");
    spool_options.destinations = {destination.name};
    auto opened = spool::Spool::open(spool_options, clock, {});
    REQUIRE(opened.has_value());
    spool = std::move(*opened);
    options.destinations = {std::move(destination)};
    options.stop_grace = 200ms;
    forwarder = std::make_unique<forward::Forwarder>(options, *spool, clock);
    spool->on_append([this] { forwarder->notify(); });
    forwarder->start();
  }
  ~Host() {
    forwarder->stop();
    spool->stop(5s);
  }
  void append(unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; ++i)
      REQUIRE(spool->append_and_wait(test::record_of(test::numbered(i))).has_value());
  }
  forward::DestinationStats stats() const { return forwarder->stats().at(0); }
  spool::DestinationStats waiting() const { return spool->stats().destinations.at(0); }

  test::TempDir dir;
  base::SystemClock clock;
  forward::Options options;
  std::unique_ptr<spool::Spool> spool;
  std::unique_ptr<forward::Forwarder> forwarder;
};

forward::Destination towards(std::uint16_t port, forward::Protocol protocol, codec::Coding coding) {
  auto out = test::http_destination();
  out.endpoint = fmt::format("http://127.0.0.1:{}", port);
  out.protocol = protocol;
  out.compression = coding;
  out.backoff_initial = 20ms;
  out.backoff_max = 100ms;
  return out;
}

std::string body_of(const std::string& request) {
  const std::string coded = request.substr(request.find("\r\n\r\n") + 4);
  return codec::decode(codec::Coding::gzip, coded, 1U << 22U).value_or("");
}

enum class Mood { takes, busy, breaks, hangs };

test::Peer::Script otlp_http(std::atomic<Mood>& mood, Taken& taken) {
  return [&mood, &taken](test::Connection& connection) {
    for (;;) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      switch (mood.load()) {
        case Mood::takes:
          if (request.starts_with("POST /v1/metrics HTTP/1.1")) taken.add(body_of(request));
          connection.write(test::ok(""));
          break;
        case Mood::busy:
          connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
          break;
        case Mood::breaks:
          return;
        case Mood::hangs:
          connection.wait_closed();
          return;
      }
    }
  };
}

// A gRPC server in a thread of its own.
struct GrpcServer {
  explicit GrpcServer(Taken& into) {
    const auto admit = [](const grpc::ServerCall&) -> std::optional<grpc::ServerReply> {
      return std::nullopt;
    };
    const auto handle = [this, &into](const grpc::ServerCall& call,
                                      const grpc::Responder& respond) {
      if (refusals.load() > 0) {
        --refusals;
        respond({grpc::Code::unavailable, "later", {}, {}});
        return;
      }
      if (call.path == otlp::grpc_path(otlp::Signal::metrics)) into.add(call.message);
      respond({});
    };
    auto made = grpc::Server::listen(io, {}, admit, handle);
    REQUIRE(made.has_value());
    server = std::move(*made);
    thread = std::thread([this] { io.run(); });
  }
  ~GrpcServer() {
    boost::asio::post(io, [this] {
      server.reset();
      io.stop();
    });
    thread.join();
  }
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  std::atomic<int> refusals{0};
  std::unique_ptr<grpc::Server> server;
  std::thread thread;
};

}  // namespace

TEST_CASE("forwarder: OTLP/HTTP through outages, in order, none missing") {
  std::atomic<Mood> mood{Mood::takes};
  Taken taken;
  test::Peer peer(otlp_http(mood, taken));
  Host host(towards(peer.port(), forward::Protocol::http, codec::Coding::gzip));
  host.append(1, 5);
  REQUIRE(test::eventually([&] { return taken.count() == 5; }));
  unsigned next = 6;
  for (const Mood trouble : {Mood::busy, Mood::breaks}) {
    mood = trouble;
    const auto retries = host.stats().retries;
    host.append(next, 20);
    next += 20;
    REQUIRE(test::eventually([&] { return host.stats().retries > retries + 2; }));
    CHECK(host.stats().state == State::backing_off);
    CHECK(host.waiting().waiting.records == 20);
    mood = Mood::takes;
    REQUIRE(test::eventually([&] { return taken.count() == next - 1; }));
  }
  CHECK(taken.numbers() == one_to(45));
  REQUIRE(test::eventually([&] { return host.waiting().waiting.records == 0; }));
  REQUIRE(test::eventually([&] { return host.stats().state == State::idle; }));
  CHECK(host.stats().delivered_records == 45);
}

TEST_CASE("forwarder: OTLP/gRPC, every coding") {
  for (const auto coding : {codec::Coding::identity, codec::Coding::gzip, codec::Coding::zstd}) {
    Taken taken;
    GrpcServer server(taken);
    server.refusals = 3;
    Host host(towards(server.server->port(), forward::Protocol::grpc, coding));
    host.append(1, 30);
    REQUIRE(test::eventually([&] { return host.stats().delivered_records == 30; }));
    CHECK(taken.numbers() == one_to(30));
    CHECK(host.stats().retries >= 3);
    CHECK(host.stats().last_error.find("UNAVAILABLE: later") != std::string::npos);
  }
}

TEST_CASE("forwarder: stop returns though the peer hangs, and gives the leases back") {
  std::atomic<Mood> mood{Mood::hangs};
  Taken taken;
  test::Peer peer(otlp_http(mood, taken));
  Host host(towards(peer.port(), forward::Protocol::http, codec::Coding::gzip));
  host.append(1, 3);
  REQUIRE(test::eventually([&] { return host.waiting().leased > 0; }));
  host.forwarder->stop();  // the test's own time limit ends it otherwise
  CHECK(test::eventually([&] { return host.waiting().leased == 0; }));
  CHECK(host.waiting().waiting.records == 3);
  host.forwarder->stop();  // again is harmless
}

TEST_CASE("forwarder: a refused connection keeps the records over a restart") {
  std::atomic<Mood> mood{Mood::takes};
  Taken taken;
  std::uint16_t port = 0;
  {
    test::Peer gone(otlp_http(mood, taken));
    port = gone.port();
  }
  Host host(towards(port, forward::Protocol::http, codec::Coding::gzip));
  host.append(1, 4);
  REQUIRE(test::eventually([&] { return host.stats().state == State::backing_off; }));
  host.forwarder->stop();
  test::Peer peer(otlp_http(mood, taken));
  host.options.destinations[0].endpoint = peer.url("");
  host.forwarder = std::make_unique<forward::Forwarder>(host.options, *host.spool, host.clock);
  host.forwarder->start();
  REQUIRE(test::eventually([&] { return taken.count() == 4; }));
  CHECK(taken.numbers() == one_to(4));
}

TEST_CASE("forwarder: asked from many threads at once") {
  std::atomic<Mood> mood{Mood::takes};
  Taken taken;
  test::Peer peer(otlp_http(mood, taken));
  Host host(towards(peer.port(), forward::Protocol::http, codec::Coding::gzip));
  std::atomic<bool> is_over{false};
  std::thread asker([&] {
    while (!is_over) {
      host.forwarder->stats();
      host.forwarder->notify();
      std::this_thread::yield();
    }
  });
  std::thread reloader([&] {
    while (!is_over) {
      host.forwarder->reconfigure(host.options);
      std::this_thread::yield();
    }
  });
  host.append(1, 200);
  const bool is_done = test::eventually([&] { return taken.count() >= 200; });
  is_over = true;
  asker.join();
  reloader.join();
  REQUIRE(is_done);
  CHECK(taken.numbers() == one_to(200));
}
