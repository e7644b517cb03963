// SPDX-License-Identifier: Apache-2.0
// Large requests, and what becomes of requests under way when the relay stops.
#include <algorithm>
#include <future>
#include <string>

#include <doctest/doctest.h>

#include "otlp/request.hpp"
#include "relay/bench.hpp"

using namespace edgehaul;
using test::Bench;
using test::logs;

TEST_CASE("intake: a large request becomes records of bounded size, none lost, none twice") {
  Bench bench;
  bench.spooling.max_size = 64U << 20;
  bench.start();
  constexpr int kItems = 10'007;
  const std::string body = logs(kItems, std::string(1500, 'x'));
  REQUIRE(body.size() > 3 * relay::Intake::kMaxRecord);
  CHECK(bench.call_logs(body).code == grpc::Code::ok);
  std::string all;
  std::uint64_t items = 0;
  const auto kept = bench.kept();
  CHECK(kept.size() == 4);
  for (const auto& record : kept) {
    CHECK(record.body.size() <= relay::Intake::kMaxRecord + 4096);
    CHECK(otlp::inspect(otlp::Signal::logs, record.body)->items == record.items);
    items += record.items;
    all += record.body;
  }
  CHECK(items == kItems);
  for (const int index : {0, 1, 2501, 2502, 5003, 10'006}) {
    const std::string word = "x" + std::to_string(index) + std::string(1, '\x12');
    const std::string last = "x" + std::to_string(index);
    CHECK((all.find(word) != std::string::npos || all.ends_with(last)));
  }
  CHECK(bench.peer().requests == 1);
  CHECK(bench.peer().items == kItems);
}

TEST_CASE("intake: what comes under gzip or zstd is not packed again") {
  for (const codec::Coding coding : {codec::Coding::gzip, codec::Coding::zstd}) {
    CAPTURE(codec::coding_name(coding));
    Bench bench;
    bench.start();
    const std::string body = logs(500, "checkout accepted for customer ");
    const std::string coded = codec::encode(coding, body, 9).value();
    REQUIRE(coded.size() != codec::encode(codec::Coding::zstd, body)->size());
    bench.post_logs(coded, coding);
    CHECK(bench.spool->stats().held.bytes == coded.size());
    auto call = grpc::make_call("http://127.0.0.1:" + std::to_string(bench.relay->grpc_port()),
                                otlp::grpc_path(otlp::Signal::logs), coded, coding, {},
                                std::chrono::seconds(30));
    REQUIRE(call.has_value());
    CHECK(grpc::read_answer(bench.send(std::move(*call)), 1 << 20).code == grpc::Code::ok);
    CHECK(bench.spool->stats().held.bytes == 2 * coded.size());
    // Two members or frames are one body here, and not to everyone behind the relay.
    const std::string half = logs(1, "x");
    bench.post_logs(codec::encode(coding, half).value() + codec::encode(coding, body).value(),
                    coding);
    const auto kept = bench.kept();
    REQUIRE(kept.size() == 3);
    CHECK(kept[0].body == body);
    CHECK(kept[1].body == body);
    CHECK(kept[2].body == half + body);
  }
}

TEST_CASE("intake: what came coded leaves as it came, what came in several members does not") {
  for (const codec::Coding coding : {codec::Coding::gzip, codec::Coding::zstd}) {
    CAPTURE(codec::coding_name(coding));
    Bench bench;
    bench.start();
    const std::string body = logs(50, "checkout accepted for customer ");
    const std::string one = codec::encode(coding, body, 9).value();
    bench.post_logs(one, coding);
    bench.post_logs(one + one, coding);
    spool::Wanted wanted;
    wanted.coding = coding;
    const auto leased = bench.spool->lease(0, wanted);
    REQUIRE(leased.has_value());
    REQUIRE(leased->size() == 2);
    CHECK((*leased)[0].coded.bytes == one);
    const spool::Record& both = (*leased)[1];  // packed by the spool, in one piece, or plain
    bool is_single = true;
    const auto plain = both.coded.bytes.empty() ? Result<std::string>(both.body)
                                                : codec::decode(both.coded.coding, both.coded.bytes,
                                                                2 * body.size(), &is_single);
    CHECK(plain.value() == body + body);
    CHECK(is_single);
  }
}

TEST_CASE("intake: a small spool gets smaller records; one item beyond it is refused for good") {
  Bench bench;
  bench.spooling.max_size = 1U << 20;
  bench.start();
  const auto most = bench.spool->largest_record();
  REQUIRE(most < 100'000);
  std::string noise(2 * most, '\0');
  std::uint32_t state = 7;
  for (char& byte : noise)
    byte = static_cast<char>('!' + ((state = state * 1664525U + 1013904223U) >> 24) % 90);
  CHECK(bench.call_logs(logs(10, noise.substr(0, most / 4))).code == grpc::Code::ok);
  CHECK(bench.kept().size() >= 3);
  const auto refused = bench.call_logs(logs(1, noise));
  CHECK(refused.code == grpc::Code::resource_exhausted);
  CHECK(refused.details.empty());
}

TEST_CASE("intake: large requests beyond the memory for them are told to come again") {
  Bench bench;
  bench.spooling.max_size = 64U << 20;
  bench.start();
  const std::string body = logs(4000, std::string(1500, 'y'));
  relay::Intake narrow(bench.io, *bench.spool, bench.clock, bench.peers, body.size());
  std::promise<relay::Taken> first;
  std::promise<relay::Taken> second;
  bench.on_loop([&] {
    narrow.take(otlp::Signal::logs, {body}, {"a", 1},
                [&](relay::Taken taken) { first.set_value(std::move(taken)); });
    narrow.take(otlp::Signal::logs, {body}, {"b", 1},
                [&](relay::Taken taken) { second.set_value(std::move(taken)); });
    return 0;
  });
  CHECK(second.get_future().get().outcome == relay::Outcome::later);
  CHECK(first.get_future().get().outcome == relay::Outcome::kept);
}

TEST_CASE("relay: stops in order, answers what is under way and takes nothing new") {
  Bench bench;
  bench.spooling.commit_delay = std::chrono::milliseconds(300);
  bench.start();
  std::promise<int> answered;
  std::thread sender([&] {
    http::Client client;
    const auto response = client.perform(bench.post("/v1/logs", logs(1)));
    answered.set_value(response ? response->status : 0);
  });
  while (bench.on_loop([&] { return bench.relay->stats()[1].buffered; }) == 0) {
  }
  std::promise<void> stopped;
  bench.on_loop([&] {
    bench.relay->stop(std::chrono::seconds(10), [&] { stopped.set_value(); });
    return 0;
  });
  stopped.get_future().get();
  CHECK(answered.get_future().get() == 200);
  sender.join();
  CHECK(bench.kept().size() == 1);
  CHECK_FALSE(bench.client.perform(bench.post("/v1/logs", logs(1))).has_value());
}

TEST_CASE("relay: an address in use is an error that names the key") {
  Bench bench;
  bench.start();
  Bench other;
  other.options.http.listen.clear();
  other.options.grpc.port = bench.relay->grpc_port();
  other.spool = std::move(*spool::Spool::open(other.spooling, other.clock, {}));
  relay::Relay second(other.io, other.options, *other.spool, other.clock, other.peers);
  const auto started = second.start();
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().message.find("receive.grpc.listen") != std::string::npos);
}
