// SPDX-License-Identifier: Apache-2.0
#include "grpc/server.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/fd.hpp"
#include "grpc/call.hpp"
#include "grpc/exchange.hpp"
#include "http/client.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;
using codec::Coding;
using grpc::Code;

namespace {

constexpr const char* kPath = "/test.Service/Export";

// A server on its own thread; the handler echoes unless the test says otherwise.
struct Bench {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  grpc::ServerOptions options;
  grpc::Admit admit = [](const grpc::ServerCall&) { return std::nullopt; };
  grpc::Handler handler = [](grpc::ServerCall call, const grpc::Responder& respond) {
    respond({Code::ok, "", "", "echo:" + call.message});
  };
  std::unique_ptr<grpc::Server> server;
  std::thread thread;
  http::Client client;

  void start() {
    server = std::move(*grpc::Server::listen(io, options, admit, handler));
    thread = std::thread([this] { io.run(); });
  }
  template <class Work>
  auto on_loop(Work work) {
    std::promise<decltype(work())> done;
    boost::asio::post(io, [&] { done.set_value(work()); });
    return done.get_future().get();
  }
  ~Bench() {
    if (thread.joinable()) {
      on_loop([this] {
        server.reset();
        return 0;
      });
      guard.reset();
      io.stop();
      thread.join();
    }
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }
  http::ClientRequest request(std::string_view message, Coding coding = Coding::identity) const {
    const std::string coded = codec::encode(coding, message).value();
    auto made = *grpc::make_call(url(), kPath, coded, coding, {}, 20s);
    made.max_response = 16 << 20;
    return made;
  }
  grpc::Answer call(http::ClientRequest what) {
    const auto response = client.perform(std::move(what));
    REQUIRE_MESSAGE(response.has_value(), response.error().message);
    return grpc::read_answer(*response, 64 << 20);
  }
  grpc::Answer call(std::string_view message, Coding coding = Coding::identity) {
    return call(request(message, coding));
  }
};

}  // namespace

TEST_CASE("grpc server: a message comes back, whatever its coding and size") {
  Bench bench;
  bench.start();
  const std::string big(5 << 20, 'x');
  for (const Coding coding : {Coding::identity, Coding::gzip, Coding::zstd}) {
    for (const std::string& message : {std::string(), std::string("hello"), big}) {
      const grpc::Answer answer = bench.call(message, coding);
      CHECK(answer.code == Code::ok);
      CHECK(answer.body == "echo:" + message);
    }
  }
}

TEST_CASE("grpc server: errors carry their code, words and details") {
  Bench bench;
  bench.handler = [](const grpc::ServerCall&, const grpc::Responder& respond) {
    respond({Code::unavailable, "später, bitte\n", "details", "body is not sent"});
  };
  bench.start();
  const grpc::Answer answer = bench.call("x");
  CHECK(answer.code == Code::unavailable);
  CHECK(answer.message == "später, bitte\n");
  CHECK(answer.details == "details");
  CHECK(answer.body.empty());
}

TEST_CASE("grpc server: what is refused by its headers is answered before the body is read") {
  Bench bench;
  std::atomic<int> handled{0};
  bench.handler = [&](const grpc::ServerCall&, const grpc::Responder& respond) {
    ++handled;
    respond({});
  };
  bench.admit = [](const grpc::ServerCall& call) -> std::optional<grpc::ServerReply> {
    if (http::header(call.metadata, "authorization") == "yes") return std::nullopt;
    return grpc::ServerReply{Code::unauthenticated, "who are you?", "", ""};
  };
  bench.start();
  CHECK(bench.call(std::string(3 << 20, 'x')).code == Code::unauthenticated);
  auto request = bench.request("x");
  request.headers.emplace_back("authorization", "yes");
  CHECK(bench.call(std::move(request)).code == Code::ok);
  CHECK(handled == 1);
}

TEST_CASE("grpc server: what is no gRPC is told so in HTTP") {
  Bench bench;
  bench.start();
  auto get = bench.request("x");
  get.method = "GET";
  get.body.clear();
  const auto refused = bench.client.perform(std::move(get));
  CHECK(refused->status == 405);
  CHECK(refused->body == "405: this port speaks gRPC\n");  // for people with curl
  auto plain = bench.request("x");
  for (auto& [name, value] : plain.headers) {
    if (name == "content-type") value = "application/json";
  }
  CHECK(bench.client.perform(std::move(plain))->status == 415);
}

TEST_CASE("grpc server: limits of messages") {
  Bench bench;
  bench.options.max_message = 1000;
  bench.start();
  CHECK(bench.call(std::string(1000, 'x')).code == Code::ok);
  CHECK(bench.call(std::string(1001, 'x')).code == Code::resource_exhausted);
  CHECK(bench.call(std::string(8 << 20, 'x')).code == Code::resource_exhausted);
  const grpc::Answer bomb = bench.call(std::string(1 << 20, '\0'), Coding::gzip);
  CHECK(bomb.code == Code::resource_exhausted);
  CHECK(bomb.details.empty());  // no RetryInfo: it will never fit
}

TEST_CASE("grpc server: broken messages") {
  Bench bench;
  bench.start();
  auto cut = bench.request("hello");
  cut.body.resize(3);
  CHECK(bench.call(std::move(cut)).code == Code::invalid_argument);
  auto two = bench.request("hello");
  two.body += two.body;
  CHECK(bench.call(std::move(two)).code == Code::unimplemented);
  auto strange = bench.request("hello");
  strange.headers.emplace_back("grpc-encoding", "br");
  CHECK(bench.call(std::move(strange)).code == Code::unimplemented);
  auto lie = bench.request("hello", Coding::gzip);
  lie.body.replace(5, 3, "xyz");
  CHECK(bench.call(std::move(lie)).code == Code::invalid_argument);
}

TEST_CASE("grpc server: headers beyond the limit are refused") {
  Bench bench;
  bench.options.max_header = 2000;
  bench.start();
  auto request = bench.request("x");
  request.headers.emplace_back("x-long", std::string(3000, 'a'));
  const auto response = bench.client.perform(std::move(request));
  if (response) {
    CHECK(grpc::read_answer(*response, 1000).code == Code::resource_exhausted);
  }
  CHECK(bench.call("after").code == Code::ok);
}

TEST_CASE("grpc server: answers may come later, from another thread, once") {
  Bench bench;
  std::mutex mutex;
  std::vector<std::thread> threads;
  bench.handler = [&](grpc::ServerCall call, grpc::Responder respond) {
    const std::lock_guard lock(mutex);
    threads.emplace_back([message = std::move(call.message), respond = std::move(respond)] {
      respond({Code::ok, "", "", message});
      respond({Code::internal, "a second answer", "", ""});
    });
  };
  bench.start();
  for (int i = 0; i < 20; ++i)
    CHECK(bench.call("m" + std::to_string(i)).body == "m" + std::to_string(i));
  for (std::thread& thread : threads)
    thread.join();
}

TEST_CASE("grpc server: a call that is dropped is answered UNAVAILABLE") {
  Bench bench;
  bench.handler = [](const grpc::ServerCall&, const grpc::Responder&) {};
  bench.start();
  CHECK(bench.call("x").code == Code::unavailable);
}

TEST_CASE("grpc server: a call that takes too long ends by the client's own deadline") {
  Bench bench;
  std::vector<grpc::Responder> kept;
  bench.handler = [&](const grpc::ServerCall&, grpc::Responder respond) {
    kept.push_back(std::move(respond));
  };
  bench.options.call_deadline = 200ms;
  bench.start();
  CHECK(bench.call("x").code == Code::deadline_exceeded);
  bench.on_loop([&] {
    kept.clear();  // the late answer finds nobody
    return 0;
  });
}

TEST_CASE("grpc server: many calls at once on one connection, more than it may hold in memory") {
  Bench bench;
  bench.options.max_buffered = 1 << 20;
  bench.options.max_streams = 16;
  bench.start();
  constexpr int kCalls = 24;
  const std::string message(700 * 1024, 'x');
  int good = 0;
  int deferred = 0;
  std::function<void()> send = [&] {
    bench.client.start(bench.request(message), [&](const Result<http::ClientResponse>& response) {
      REQUIRE(response.has_value());
      const grpc::Answer answer = grpc::read_answer(*response, 4 << 20);
      if (answer.code == Code::ok && answer.body.size() == message.size() + 5) return void(++good);
      CHECK(answer.code == Code::unavailable);  // the only other answer, and it is retryable
      ++deferred;
      send();
    });
  };
  for (int i = 0; i < kCalls; ++i)
    send();
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (good < kCalls && std::chrono::steady_clock::now() < deadline)
    bench.client.run(100ms);
  CHECK(good == kCalls);
  CHECK(deferred > 0);
  const auto counts = bench.on_loop([&] { return bench.server->counts(); });
  CHECK(counts.buffered == 0);
  CHECK(counts.streams == 0);
}

TEST_CASE("grpc server: an aged connection says GOAWAY and the client goes on with another") {
  Bench bench;
  bench.options.max_connection_age = 50ms;
  bench.options.max_connection_age_grace = 5s;
  bench.start();
  const auto deadline = std::chrono::steady_clock::now() + 3s;
  int calls = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto response = bench.client.perform(bench.request("x"));
    // The one call that meets the closing socket may fail; it is ambiguous and would be repeated.
    calls += response.has_value();
  }
  CHECK(calls > 10);
  CHECK(bench.call("after").code == Code::ok);
}

TEST_CASE("grpc server: stop lets the call in flight finish") {
  Bench bench;
  std::promise<grpc::Responder> arrived;
  bench.handler = [&](const grpc::ServerCall&, grpc::Responder respond) {
    arrived.set_value(std::move(respond));
  };
  bench.start();
  auto answer = std::async(std::launch::async, [&] { return bench.call("x"); });
  const grpc::Responder respond = arrived.get_future().get();
  std::promise<void> stopped;
  bench.on_loop([&] {
    bench.server->stop(20s, [&] { stopped.set_value(); });
    return 0;
  });
  respond({Code::ok, "", "", "made it"});
  CHECK(answer.get().body == "made it");
  CHECK(stopped.get_future().wait_for(20s) == std::future_status::ready);
}

TEST_CASE("grpc server: bytes that are no HTTP/2 end the connection and nothing else") {
  Bench bench;
  bench.start();
  for (const std::string_view garbage :
       {"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    const base::Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(bench.server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::send(fd.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL) > 0);
    char buffer[4096];
    while (::recv(fd.get(), buffer, sizeof buffer, 0) > 0) {
    }
  }
  CHECK(bench.call("after").code == Code::ok);
  CHECK(bench.on_loop([&] { return bench.server->counts(); }).protocol_errors >= 1);
}

TEST_CASE("grpc server: the client's timeout in the specification's units") {
  CHECK(grpc::parse_timeout("5S") == 5000ms);
  CHECK(grpc::parse_timeout("100m") == 100ms);
  CHECK(grpc::parse_timeout("1H") == 3'600'000ms);
  CHECK(grpc::parse_timeout("2M") == 120'000ms);
  CHECK(grpc::parse_timeout("1500u") == 2ms);
  CHECK(grpc::parse_timeout("1n") == 1ms);
  for (const char* bad : {"", "5", "S", "5s", "123456789S", "-1S", "1.5S"}) {
    CAPTURE(bad);
    CHECK_FALSE(grpc::parse_timeout(bad).has_value());
  }
}
