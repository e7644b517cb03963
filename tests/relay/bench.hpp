// SPDX-License-Identifier: Apache-2.0
// A relay on its own thread, on loopback, in front of a real spool, and a client that asks it.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "grpc/call.hpp"
#include "http/client.hpp"
#include "otlp/answer.hpp"
#include "otlp/signal.hpp"
#include "relay/relay.hpp"
#include "spool/spool.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::test {

// Length-delimited field of a protobuf message.
inline std::string field(unsigned number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size > 0x7F; size >>= 7)
    out += static_cast<char>((size & 0x7F) | 0x80);
  out += static_cast<char>(size);
  return out + bytes;
}

// An ExportLogsServiceRequest of `count` records whose bodies are `text` and a number.
inline std::string logs(int count, const std::string& text = "hello") {
  std::string records;
  for (int i = 0; i < count; ++i)
    records += field(2, field(5, field(1, text + std::to_string(i))));
  return field(1, field(2, records));
}

struct Bench {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  TempDir dir;
  base::SystemClock clock;
  relay::Options options;
  spool::Options spooling;
  std::unique_ptr<spool::Spool> spool;
  std::shared_ptr<relay::Peers> peers = std::make_shared<relay::Peers>(100);
  std::unique_ptr<relay::Relay> relay;
  std::thread thread;
  http::Client client;

  template <class Work>
  auto on_loop(Work work) {
    std::promise<decltype(work())> done;
    boost::asio::post(io, [&] { done.set_value(work()); });
    return done.get_future().get();
  }

  Bench() {
    log::start(log::Level::error, false);
    options.grpc.address = options.http.address = "127.0.0.1";
    options.grpc.port = options.http.port = 0;
    spooling.directory = dir.at("spool");
    spooling.max_size = 16U << 20;
    spooling.keep_peers = true;
    spooling.destinations = {"a"};
  }
  ~Bench() {
    if (thread.joinable()) {
      on_loop([this] {
        relay.reset();
        return 0;
      });
      guard.reset();
      io.stop();
      thread.join();
    }
    spool.reset();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void start() {
    spool = std::move(*spool::Spool::open(spooling, clock, {}));
    relay = std::make_unique<relay::Relay>(io, options, *spool, clock, peers);
    const auto started = relay->start();
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    thread = std::thread([this] { io.run(); });
  }
  http::ClientRequest post(const std::string& path, std::string body,
                           const std::string& type = "application/x-protobuf") const {
    http::ClientRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(relay->http_port()) + path;
    request.headers = {{"content-type", type}};
    request.body = std::move(body);
    return request;
  }
  http::ClientResponse send(http::ClientRequest request) {
    auto response = client.perform(std::move(request));
    REQUIRE_MESSAGE(response.has_value(), (response ? "" : response.error().message));
    return std::move(*response);
  }
  // `body` lies under `coding` already.
  void post_logs(const std::string& body, codec::Coding coding) {
    auto request = post("/v1/logs", body);
    request.headers.emplace_back("content-encoding", codec::coding_name(coding));
    CHECK(send(std::move(request)).status == 200);
  }
  grpc::Answer call(const std::string& path, const std::string& message,
                    const http::Headers& metadata = {},
                    codec::Coding coding = codec::Coding::identity) {
    const std::string coded = codec::encode(coding, message).value();
    auto request = grpc::make_call("http://127.0.0.1:" + std::to_string(relay->grpc_port()), path,
                                   coded, coding, metadata, std::chrono::seconds(30));
    REQUIRE(request.has_value());
    return grpc::read_answer(send(std::move(*request)), 1 << 20);
  }
  grpc::Answer call_logs(const std::string& message, const http::Headers& metadata = {}) {
    return call(std::string(otlp::grpc_path(otlp::Signal::logs)), message, metadata);
  }

  std::vector<spool::Record> kept() {
    spool::Wanted wanted;
    wanted.max_bytes = 1U << 30;
    auto records = spool->lease(0, wanted);
    REQUIRE(records.has_value());
    return std::move(*records);
  }
  relay::PeerRow peer() const {
    const auto rows = peers->rows();
    REQUIRE(rows.size() == 1);
    return rows[0];
  }
};

}  // namespace edgehaul::test
