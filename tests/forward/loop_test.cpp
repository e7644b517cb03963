// SPDX-License-Identifier: Apache-2.0
// Whole lives of destinations, on a clock that the test turns.
#include "forward/loop.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include <doctest/doctest.h>

#include "fakes.hpp"

using namespace edgehaul;
using forward::State;
using spool::Outcome;
using spool::Signal;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeTransport;
using test::World;

namespace {

void append(World& world, unsigned first, unsigned count) {
  for (unsigned i = first; i < first + count; ++i)
    world.queue.append(test::record_of(test::numbered(i)));
  world.loop->notify();
}

void append_own(World& world, unsigned first, unsigned count) {
  for (unsigned i = first; i < first + count; ++i)
    world.queue.append(test::own_record_of(test::numbered(i)));
  world.loop->notify();
}

std::vector<unsigned> sorted(std::vector<unsigned> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// A server that takes everything while it is up, and remembers.
struct Server {
  bool is_up = true;
  Result<http::ClientResponse> down = fail(Errc::refused, "Connection refused");
  std::vector<unsigned> got;
  FakeTransport::Answer operator()(const http::ClientRequest& request) {
    if (!is_up) return down;
    for (const unsigned number : test::numbers_in(request.body))
      got.push_back(number);
    return test::response(200);
  }
};

std::vector<unsigned> one_to(unsigned last) {
  std::vector<unsigned> out(last);
  std::iota(out.begin(), out.end(), 1U);
  return out;
}

}  // namespace

TEST_CASE("loop: delivers, then sleeps until notified") {
  World world;
  Server server;
  world.transport.serve = std::ref(server);
  world.settle_down();
  CHECK(world.rest >= hours(1));
  CHECK(world.stats().state == State::idle);
  const unsigned leases = world.queue.leases;
  world.settle_down();
  CHECK(world.queue.leases == leases);  // nothing asked without a reason

  append(world, 1, 3);
  CHECK(world.transport.wakeups == 1);
  world.settle_down();
  CHECK(server.got == one_to(3));
  CHECK(world.queue.with(Outcome::delivered).size() == 3);
  CHECK(world.queue.misuses == 0);
  CHECK(world.rest >= hours(1));
  const auto stats = world.stats();
  CHECK(stats.state == State::idle);
  CHECK(stats.delivered_records == 3);
  CHECK(stats.delivered_items == 3);
  CHECK(stats.requests == 1);
  CHECK(stats.retries == 0);
  CHECK(stats.last_success == world.clock.wall());
  CHECK(stats.wire_bytes > 0);
  CHECK(world.lines.empty());
}

TEST_CASE("loop: a tick costs one lease, and what comes during its request is not missed") {
  World world;
  Server server;
  bool is_hanging = false;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    if (is_hanging) return std::nullopt;
    return server(request);
  };
  append_own(world, 1, 1);
  world.settle_down();
  for (unsigned tick = 2; tick < 6; ++tick) {
    const unsigned leases = world.queue.leases;
    append_own(world, tick, 1);
    world.settle_down();
    CHECK(world.queue.leases == leases + 1);
    CHECK(server.got == one_to(tick));
    CHECK(world.rest >= hours(1));
  }
  is_hanging = true;
  append_own(world, 6, 1);
  world.settle_down();
  append_own(world, 7, 2);
  world.settle_down();
  CHECK(server.got == one_to(5));
  is_hanging = false;
  world.settle_down();
  CHECK(server.got == one_to(8));
}

TEST_CASE("loop: memory is given back after a burst, and not after each of many") {
  World world;
  world.transport.serve = [](const http::ClientRequest&) { return test::response(200); };
  const auto burst = [&] {
    for (unsigned i = 0; i < 2; ++i)
      world.queue.append(test::record_of(test::numbered(i, 1 << 20)));
    world.loop->notify();
    world.settle_down();
  };
  burst();
  CHECK(world.rest >= hours(1));
  burst();
  CHECK(world.rest <= seconds(10));
  world.live(seconds(10));
  CHECK(world.rest >= hours(1));
}

TEST_CASE("loop: 50 ticks of outage arrive each once, the newest first, the others in order") {
  World world;
  Server server;
  world.transport.serve = std::ref(server);
  append_own(world, 1, 1);
  world.settle_down();
  server.is_up = false;
  for (unsigned tick = 2; tick <= 51; ++tick) {
    append_own(world, tick, 1);
    world.live(seconds(1));
  }
  CHECK(world.stats().state == State::backing_off);
  CHECK(world.stats().next_try > world.clock.wall());
  CHECK(world.lines_with("retrying in") == 1);
  CHECK(world.lines_with("Connection refused") == 1);
  CHECK(world.queue.sides[0].leased.empty());  // nothing held in memory meanwhile
  server.is_up = true;
  world.live(seconds(61));
  REQUIRE(server.got.size() == 51);
  CHECK(server.got[1] == 51);
  CHECK(sorted(server.got) == one_to(51));
  CHECK(std::is_sorted(server.got.begin() + 2, server.got.end()));
  CHECK(world.queue.with(Outcome::delivered).size() == 51);
  CHECK(world.queue.misuses == 0);
  CHECK(world.lines_with("delivering again after") == 1);
  CHECK(world.lines.size() == 2);
  CHECK(world.stats().state == State::idle);
  CHECK(world.stats().next_try == 0);
  CHECK(world.stats().last_error.find("Connection refused") != std::string::npos);
}

TEST_CASE("loop: a month of outage needs no retry deadline and few tries") {
  World world;
  Server server;
  server.is_up = false;
  world.transport.serve = std::ref(server);
  append(world, 1, 10);
  world.live(hours(24 * 30));
  CHECK(world.queue.with(Outcome::delivered).empty());
  CHECK(world.queue.with(Outcome::rejected).empty());
  // 60 s at most with a fair die: about two a minute.
  CHECK(world.transport.requests < 30U * 24 * 60 * 2 + 20);
  CHECK(world.lines.size() == 1);
  server.is_up = true;
  world.live(seconds(61));
  CHECK(server.got == one_to(10));
}

TEST_CASE("loop: new records do not cut a back-off short") {
  World world;
  Server server;
  server.down = test::response(503, {}, {{"retry-after", "40"}});
  server.is_up = false;
  world.transport.serve = std::ref(server);
  append(world, 1, 1);
  world.settle_down();
  CHECK(world.transport.requests == 1);
  for (unsigned i = 2; i < 30; ++i) {
    append(world, i, 1);
    world.live(seconds(1));
  }
  CHECK(world.transport.requests == 1);
  CHECK(world.transport.wakeups == 0);
  world.live(seconds(30));
  CHECK(world.transport.requests == 2);
}

TEST_CASE("loop: the line of a failure says what, where and what next") {
  auto destination = test::http_destination();
  destination.endpoint = "http://user:hunter22@gw:4318";
  destination.headers = {{"authorization", "Bearer s3cr3t-token"}};
  World world({destination});
  world.transport.serve = [](const auto&) -> FakeTransport::Answer {
    return test::response(503, "upstream says s3cr3t-token", {{"content-type", "text/plain"}});
  };
  append(world, 1, 2);
  world.settle_down();
  REQUIRE(world.lines.size() == 1);
  CHECK(world.lines[0] ==
        "central: POST http://gw:4318/v1/metrics: 503 Service Unavailable: upstream says ***; "
        "retrying in 500ms (2 records, 10 B waiting)");
  const auto stats = world.stats();
  CHECK(stats.endpoint == "http://gw:4318");
  CHECK(stats.last_error.find("s3cr3t") == std::string::npos);
  CHECK(stats.last_error.find("hunter22") == std::string::npos);
}

TEST_CASE("loop: refused credentials hold the data and say so once") {
  for (const int status : {401, 403, 404, 415}) {
    World world;
    Server server;
    server.down = test::response(status);
    server.is_up = false;
    world.transport.serve = std::ref(server);
    append(world, 1, 5);
    world.live(hours(24));
    CHECK(world.stats().state == State::held);
    CHECK(world.stats().next_try > world.clock.wall());
    CHECK(world.queue.with(Outcome::rejected).empty());
    CHECK(world.transport.requests < 24U * 60 / 2);  // slower than for passing troubles
    CHECK(world.lines.size() == 1);
    CHECK(world.lines_with("the data is kept") == 1);
    server.is_up = true;
    world.live(hours(1));
    CHECK(server.got == one_to(5));
    CHECK(world.stats().state == State::idle);
  }
}

TEST_CASE("loop: a signal that is refused does not stop the others") {
  World world;
  std::vector<unsigned> got;
  bool takes_logs = false;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    const bool is_logs = request.url.ends_with("/v1/logs");
    if (is_logs && !takes_logs) return test::response(404);
    for (const unsigned number : test::numbers_in(request.body))
      got.push_back(number);
    return test::response(200);
  };
  world.queue.append(test::record_of(test::numbered(1), Signal::logs));
  world.queue.append(test::record_of(test::numbered(2)));
  world.queue.append(test::record_of(test::numbered(3), Signal::logs));
  world.queue.append(test::record_of(test::numbered(4), Signal::traces));
  world.loop->notify();
  world.live(hours(1));
  CHECK(got.size() == 2);
  append(world, 5, 1);
  world.settle_down();
  CHECK(got.size() == 3);
  CHECK(world.stats().state == State::held);
  CHECK(world.lines.size() == 1);
  takes_logs = true;
  world.live(hours(1));
  CHECK(got.size() == 5);
  CHECK(world.stats().state == State::idle);
  CHECK(world.rest >= hours(1));
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: k guilty among many are set aside with the server's words") {
  World world;
  std::vector<unsigned> got;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    const auto numbers = test::numbers_in(request.body);
    for (const unsigned number : numbers) {
      if (number % 50 == 17)
        return test::response(400, "bad metric", {{"content-type", "text/plain"}});
    }
    got.insert(got.end(), numbers.begin(), numbers.end());
    return test::response(200);
  };
  append(world, 0, 200);
  world.settle_down();  // without waiting
  CHECK(got.size() == 196);
  CHECK(std::is_sorted(got.begin(), got.end()));
  const auto aside = world.queue.with(Outcome::rejected);
  CHECK(aside == std::vector<spool::RecordId>{18, 68, 118, 168});
  for (const auto id : aside)
    CHECK(world.queue.sides[0].words.at(id) == "400 Bad Request: bad metric");
  CHECK(world.stats().rejected_records == 4);
  CHECK(world.stats().delivered_records == 196);
  CHECK(world.stats().state == State::idle);
  CHECK(world.lines_with("set aside") == 1);  // the same words once
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: a server that refuses everything gets little to set aside") {
  World world;
  Server server;
  server.down = test::response(400);
  server.is_up = false;
  world.transport.serve = std::ref(server);
  append(world, 1, 500);
  world.live(std::chrono::minutes(10));
  const auto aside = world.queue.with(Outcome::rejected).size();
  CHECK(aside >= forward::Sender::kMaxRefusedInARow);
  CHECK(aside < 30);
  CHECK(world.stats().state == State::held);
  server.is_up = true;
  world.live(hours(1));
  CHECK(server.got.size() == 500 - world.queue.with(Outcome::rejected).size());
  CHECK(world.stats().state == State::idle);
}

TEST_CASE("loop: partial success is delivered, counted and said once per message") {
  World world;
  int request_count = 0;
  world.transport.serve = [&](const http::ClientRequest&) -> FakeTransport::Answer {
    const std::string words = fmt::format("too old by {} s", ++request_count);
    return test::response(200, test::field(1, test::varint_field(1, 2) + test::field(2, words)),
                          {{"content-type", "application/x-protobuf"}});
  };
  for (unsigned i = 0; i < 3; ++i) {
    world.queue.append(test::record_of(test::numbered(i), Signal::metrics, 10));
    world.loop->notify();
    world.settle_down();
  }
  CHECK(request_count == 3);
  CHECK(world.stats().delivered_records == 3);
  CHECK(world.stats().rejected_items == 6);
  CHECK(world.stats().delivered_items == 24);
  CHECK(world.lines.size() == 1);
  CHECK(world.lines_with("refused 2 data points of it: too old by 1 s") == 1);
}

TEST_CASE("loop: a hostile count of refused items is bounded by what was sent") {
  World world;
  world.transport.serve = [&](const http::ClientRequest&) -> FakeTransport::Answer {
    return test::response(200, test::field(1, test::varint_field(1, 1ULL << 62U)),
                          {{"content-type", "application/x-protobuf"}});
  };
  append(world, 1, 3);
  world.settle_down();
  CHECK(world.stats().rejected_items == 3);
  CHECK(world.stats().delivered_items == 0);
}

TEST_CASE("loop: requests respect max_request and what the server bears") {
  auto destination = test::http_destination();
  destination.max_request = 10'000;
  World world({destination});
  Server server;
  std::size_t largest = 0;
  unsigned too_large = 0;
  std::size_t bears = 100'000;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    largest = std::max(largest, request.body.size());
    if (request.body.size() > bears) {
      ++too_large;
      return test::response(413);
    }
    return server(request);
  };
  for (unsigned i = 1; i <= 100; ++i)
    world.queue.append(test::record_of(test::numbered(i, 900)));
  world.loop->notify();
  world.settle_down();
  CHECK(server.got == one_to(100));
  CHECK(largest <= 10'000);
  CHECK(largest > 9'000);
  bears = 5'000;
  server.got.clear();
  for (unsigned i = 1; i <= 100; ++i)
    world.queue.append(test::record_of(test::numbered(i, 900)));
  world.loop->notify();
  world.settle_down();
  CHECK(server.got == one_to(100));
  CHECK(too_large > 0);
  CHECK(world.queue.with(Outcome::delivered).size() == 200);
}

TEST_CASE("loop: a size refused is remembered") {
  World world;
  Server server;
  unsigned too_large = 0;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    if (request.body.size() <= 200'000) return server(request);
    ++too_large;
    return test::response(413);
  };
  for (unsigned i = 1; i <= 1000; ++i)
    world.queue.append(test::record_of(test::numbered(i, 10'000)));
  world.loop->notify();
  world.settle_down();
  CHECK(server.got == one_to(1000));
  CHECK(too_large < 64);
  CHECK(world.lines_with("too much for one request") == 1);
}

TEST_CASE("loop: over a thin link requests shrink until they fit") {
  World world;
  Server server;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    if (request.body.size() > 40'000)
      return FakeTransport::Answer(fail(Errc::timeout, "no answer in 30 s"));
    return server(request);
  };
  for (unsigned i = 1; i <= 100; ++i)
    world.queue.append(test::record_of(test::numbered(i, 5'000)));
  world.queue.append(test::record_of(test::gauge("big", 20'000), Signal::metrics, 20'000));
  world.loop->notify();
  world.live(hours(2));
  CHECK(server.got == one_to(100));
  CHECK(world.queue.with(Outcome::delivered).size() == 101);
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: HTTP 500 is retried, and a record that trips the server is found") {
  World world;
  Server server;
  unsigned failures = 3;
  bool has_poison = false;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    const auto numbers = test::numbers_in(request.body);
    if (failures > 0) {
      --failures;
      return test::response(500);
    }
    if (has_poison && std::count(numbers.begin(), numbers.end(), 5) > 0) return test::response(500);
    return server(request);
  };
  append(world, 1, 4);
  world.live(seconds(60));
  CHECK(server.got == one_to(4));
  has_poison = true;
  append(world, 5, 1);
  world.live(hours(24));
  CHECK(world.queue.with(Outcome::rejected).empty());  // nobody else was accepted since
  world.queue.append(test::record_of(test::numbered(6), Signal::logs));
  append(world, 7, 1);
  world.live(hours(1));
  CHECK(world.queue.with(Outcome::rejected) == std::vector<spool::RecordId>{5});
  CHECK(server.got == std::vector<unsigned>{1, 2, 3, 4, 6, 7});
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: a server that says 500 for a day condemns nobody") {
  World world;
  Server server;
  server.down = test::response(500);
  server.is_up = false;
  world.transport.serve = std::ref(server);
  append(world, 1, 300);
  world.live(hours(24));
  CHECK(world.queue.with(Outcome::rejected).empty());
  server.is_up = true;
  world.live(hours(1));
  CHECK(server.got.size() == 300);
  CHECK(world.queue.with(Outcome::delivered).size() == 300);
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: each destination has its own fate") {
  World world({test::http_destination("good"), test::http_destination("down"),
               test::http_destination("picky"), test::http_destination("locked")});
  std::map<std::string, Server> servers;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    const std::string host = request.url.substr(7, request.url.find(':', 7) - 7);
    if (host == "down") return FakeTransport::Answer(fail(Errc::refused, "refused"));
    if (host == "locked") return test::response(401);
    const auto numbers = test::numbers_in(request.body);
    if (host == "picky" && std::count(numbers.begin(), numbers.end(), 3) > 0)
      return test::response(400);
    return servers[host](request);
  };
  append(world, 1, 6);
  world.live(seconds(5));
  CHECK(servers["good"].got == one_to(6));
  CHECK(servers["picky"].got == std::vector<unsigned>{1, 2, 4, 5, 6});
  CHECK(world.stats(0).state == State::idle);
  CHECK(world.stats(1).state == State::backing_off);
  CHECK(world.stats(2).rejected_records == 1);
  CHECK(world.stats(3).state == State::held);
  CHECK(world.queue.waiting(0).records == 0);
  CHECK(world.queue.waiting(1).records == 6);
  CHECK(world.queue.waiting(2).records == 0);
  CHECK(world.queue.waiting(3).records == 6);
}

TEST_CASE("loop: stop ends at its deadline though the peer hangs") {
  World world;
  world.transport.serve = [](const auto&) -> FakeTransport::Answer { return std::nullopt; };
  append(world, 1, 4);
  world.settle_down();
  CHECK(world.queue.sides[0].leased.size() == 4);
  world.loop->request_stop();
  world.settle_down();
  CHECK_FALSE(world.loop->is_finished());
  CHECK(world.rest == milliseconds(5'000));
  world.live(milliseconds(4'999));
  CHECK_FALSE(world.loop->is_finished());
  world.live(milliseconds(1));
  CHECK(world.loop->is_finished());
  CHECK(world.transport.cancelled == 1);
  CHECK(world.queue.sides[0].leased.empty());
  CHECK(world.queue.with(Outcome::delivered).empty());
  CHECK(world.queue.misuses == 0);
}

TEST_CASE("loop: stop delivers what came last, at once when all is done") {
  World world;
  Server server;
  world.transport.serve = std::ref(server);
  world.settle_down();
  world.queue.append(test::record_of(test::numbered(1)));  // not notified
  world.loop->request_stop();
  world.settle_down();
  CHECK(world.loop->is_finished());
  CHECK(server.got == one_to(1));
}

TEST_CASE("loop: stop tries a failing destination once more, a held one not") {
  World world({test::http_destination("down"), test::http_destination("locked")});
  world.transport.serve = [](const http::ClientRequest& request) -> FakeTransport::Answer {
    if (request.url.find("locked") != std::string::npos) return test::response(401);
    return FakeTransport::Answer(fail(Errc::refused, "refused"));
  };
  append(world, 1, 1);
  world.settle_down();
  CHECK(world.transport.requests == 2);
  world.loop->request_stop();
  world.settle_down();
  CHECK(world.loop->is_finished());
  CHECK(world.transport.requests == 3);
  CHECK(world.queue.sides[0].leased.empty());
  CHECK(world.queue.sides[1].leased.empty());
}

TEST_CASE("loop: a reload takes effect at once, also for a held destination") {
  World world;
  world.transport.serve = [](const http::ClientRequest& request) -> FakeTransport::Answer {
    const bool is_known = http::header(request.headers, "authorization") == "Bearer new";
    return test::response(is_known ? 200 : 401);
  };
  append(world, 1, 2);
  world.settle_down();
  CHECK(world.stats().state == State::held);
  forward::Options options;
  options.destinations = {test::http_destination()};
  options.destinations[0].headers = {{"authorization", "Bearer new"}};
  options.destinations[0].endpoint = "http://elsewhere:4318";
  world.loop->reconfigure(options);
  CHECK(world.transport.wakeups >= 1);
  world.settle_down();
  CHECK(world.transport.forgotten == 1);
  CHECK(world.stats().state == State::idle);
  CHECK(world.stats().endpoint == "http://elsewhere:4318");
  CHECK(world.queue.with(Outcome::delivered).size() == 2);

  options.destinations[0].name = "another";
  world.loop->reconfigure(options);
  world.settle_down();
  CHECK(world.stats().name == "central");
  CHECK(world.lines_with("takes effect at a restart") == 1);
}

TEST_CASE("loop: a reload while a request is in flight lets it end") {
  World world;
  bool may_answer = false;
  world.transport.serve = [&](const http::ClientRequest&) -> FakeTransport::Answer {
    if (!may_answer) return std::nullopt;
    return test::response(200);
  };
  append(world, 1, 2);
  world.settle_down();
  forward::Options options;
  options.destinations = {test::http_destination()};
  options.destinations[0].protocol = forward::Protocol::grpc;
  world.loop->reconfigure(options);
  world.settle_down();
  may_answer = true;
  world.settle_down();
  CHECK(world.queue.with(Outcome::delivered).size() == 2);
  CHECK(world.stats().protocol == "grpc");
}

TEST_CASE("loop: a backlog is paced, what comes meanwhile overtakes it") {
  auto destination = test::http_destination();
  destination.backlog_max_rate = 20'000;
  World world({destination});
  Server server;
  world.transport.serve = std::ref(server);
  for (unsigned i = 1; i <= 1000; ++i)
    world.queue.append(test::own_record_of(test::numbered(i, 5'000)));
  world.loop->notify();
  world.settle_down();
  CHECK(server.got.at(0) == 1000);
  CHECK(world.stats().is_behind);
  CHECK(world.stats().backlog_next > world.clock.wall());
  for (unsigned tick = 1001; tick <= 1020; ++tick) {
    append_own(world, tick, 1);
    world.settle_down();
    CHECK(server.got.back() == tick);  // at once, however far the pace is ahead
    world.live(seconds(10));
  }
  const auto bytes = static_cast<double>(server.got.size() - 21) * 5'000;
  // One request is ahead of its time at most.
  CHECK(bytes <= 20'000.0 * 200 + 900'000);
  CHECK(bytes >= 20'000.0 * 200 * 0.9);
  world.live(hours(1));
  CHECK(sorted(server.got) == one_to(1020));
  CHECK_FALSE(world.stats().is_behind);
  CHECK(world.stats().backlog_next == 0);
  CHECK(world.rest >= hours(1));
}

TEST_CASE("loop: peers' records keep their order, own ones overtake them") {
  World world;
  Server server;
  server.is_up = false;
  world.transport.serve = std::ref(server);
  for (unsigned i = 1; i <= 40; ++i) {
    auto body = test::numbered(i);
    world.queue.append(i % 10 == 0 ? test::own_record_of(std::move(body))
                                   : test::record_of(std::move(body)));
  }
  world.loop->notify();
  world.live(seconds(60));
  server.is_up = true;
  world.live(seconds(61));
  CHECK(server.got.at(0) == 40);
  CHECK(sorted(server.got) == one_to(40));
  CHECK(std::is_sorted(server.got.begin() + 1, server.got.end()));
}

TEST_CASE("loop: in the forbidden hours only fresh records go") {
  ::setenv("TZ", "UTC0", 1);
  auto destination = test::http_destination();
  const auto since_midnight = seconds(test::World().clock.wall() / 1'000'000'000 % 86'400);
  const auto begin = std::chrono::floor<std::chrono::minutes>(since_midnight);
  destination.backlog_forbid = {begin, begin + std::chrono::minutes(30)};
  World world({destination});
  Server server;
  world.transport.serve = std::ref(server);
  append_own(world, 1, 20);
  world.settle_down();
  CHECK(server.got == std::vector<unsigned>{20});
  append_own(world, 21, 1);
  world.live(std::chrono::minutes(20));
  CHECK(server.got == std::vector<unsigned>{20, 21});
  CHECK(world.stats().is_behind);
  world.live(std::chrono::minutes(11));
  CHECK(sorted(server.got) == one_to(21));
  ::unsetenv("TZ");
}

TEST_CASE("loop: records past max_age are withheld and counted") {
  for (const auto too_old : {forward::TooOld::keep, forward::TooOld::drop}) {
    auto destination = test::http_destination();
    destination.max_age[2] = hours(5);
    destination.too_old = too_old;
    World world({destination});
    Server server;
    world.transport.serve = std::ref(server);
    for (unsigned i = 1; i <= 6; ++i) {
      auto record = test::record_of(test::numbered(i), i % 2 == 0 ? Signal::logs : Signal::metrics);
      record.time =
          world.clock.wall() - std::chrono::nanoseconds(i < 5 ? hours(6) : hours(4)).count();
      world.queue.append(std::move(record));
    }
    world.loop->notify();
    world.settle_down();
    CHECK(sorted(server.got) == std::vector<unsigned>{1, 3, 5, 6});
    const bool is_kept = too_old == forward::TooOld::keep;
    CHECK(world.stats().too_old_kept == (is_kept ? 2 : 0));
    CHECK(world.stats().too_old_dropped == (is_kept ? 0 : 2));
    CHECK(world.queue.with(Outcome::rejected).size() == (is_kept ? 2 : 0));
    CHECK(world.queue.waiting(0).records == 0);
    CHECK(world.stats().delivered_records == 4);
    CHECK(world.lines_with("older than max_age") == 1);
  }
}

TEST_CASE("loop: a request names the records in it, a piece of a record by its items") {
  auto destination = test::http_destination();
  destination.max_request = 20'000;
  World world({destination});
  std::vector<std::string> names;
  std::vector<std::size_t> sizes;
  world.transport.serve = [&](const http::ClientRequest& request) {
    names.emplace_back(http::header(request.headers, "edgehaul-batch"));
    sizes.push_back(request.body.size());
    return FakeTransport::Answer(test::response(200));
  };
  append(world, 1, 3);
  world.settle_down();
  REQUIRE(names.size() == 1);
  const auto batch = spool::parse_batch(names[0]);
  REQUIRE(batch.has_value());
  REQUIRE(batch->runs.size() == 1);
  CHECK(batch->runs[0].slices.size() == 3);
  CHECK(batch->runs[0].slices[2].id == 3);
  CHECK(batch->bytes() == sizes[0]);

  names.clear();
  sizes.clear();
  world.queue.append(test::record_of(test::gauge("large", 4'000)));
  world.loop->notify();
  world.settle_down();
  REQUIRE(names.size() > 1);
  std::uint32_t items = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto piece = spool::parse_batch(names[i]);
    REQUIRE(piece.has_value());
    CHECK(piece->bytes() == sizes[i]);
    REQUIRE(piece->runs[0].slices.size() == 1);
    const spool::Slice& slice = piece->runs[0].slices[0];
    CHECK(slice.id == 4);
    CHECK(slice.of == 4'000);
    CHECK(slice.from == items);
    items += slice.items;
  }
  CHECK(items == 4'000);
}

TEST_CASE("loop: a spool in trouble is asked again, nothing is sent twice meanwhile") {
  World world;
  Server server;
  world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
    world.queue.is_broken = true;  // between the lease and the settling
    return server(request);
  };
  append(world, 1, 3);
  world.live(seconds(60));
  CHECK(server.got == one_to(3));
  CHECK(world.lines_with("spool: settle: disk on fire") == 1);
  world.queue.is_broken = false;
  world.live(seconds(6));
  CHECK(world.queue.with(Outcome::delivered).size() == 3);
  CHECK(server.got == one_to(3));

  world.queue.is_broken = true;
  append(world, 4, 1);
  world.live(seconds(60));
  CHECK(world.lines_with("spool: lease") == 1);
  world.queue.is_broken = false;
  world.transport.serve = std::ref(server);
  world.live(seconds(6));
  CHECK(server.got == one_to(4));
}

TEST_CASE("loop: success with a strange body is delivered and said once") {
  World world;
  world.transport.serve = [](const auto&) -> FakeTransport::Answer {
    return test::response(200, "OK", {{"content-type", "text/plain"}});
  };
  for (unsigned i = 1; i <= 3; ++i) {
    append(world, i, 1);
    world.settle_down();
  }
  CHECK(world.queue.with(Outcome::delivered).size() == 3);
  CHECK(world.lines.size() == 1);
}

TEST_CASE("loop: what cannot be composed holds the data") {
  auto destination = test::http_destination();
  World world({destination});
  world.transport.serve = [](const auto&) -> FakeTransport::Answer {
    return FakeTransport::Answer(fail(Errc::invalid, "/etc/cert.pem: No such file"));
  };
  append(world, 1, 2);
  world.live(hours(1));
  CHECK(world.stats().state == State::held);
  CHECK(world.queue.waiting(0).records == 2);
  CHECK(world.lines_with("/etc/cert.pem") == 1);
}

TEST_CASE("loop: a large record under the destination's coding is sent as it lies") {
  for (const bool is_grpc : {false, true}) {
    CAPTURE(is_grpc);
    auto destination = test::http_destination();
    destination.compression = codec::Coding::zstd;
    if (is_grpc) destination.protocol = forward::Protocol::grpc;
    World world({destination});
    std::vector<std::string> bodies;
    world.transport.serve = [&](const http::ClientRequest& request) {
      bodies.push_back(request.body.substr(is_grpc ? 5 : 0));
      return FakeTransport::Answer(std::nullopt);
    };
    for (const std::size_t size : {200'000U, 100U}) {
      auto record = test::record_of(test::numbered(1, size));
      // No level of ours gives these bytes.
      record.coded = {codec::Coding::zstd,
                      codec::encode(codec::Coding::zstd, record.body, 19).value()};
      world.queue.append(record);
    }
    world.loop->notify();
    world.settle_down();
    REQUIRE(bodies.size() == 1);
    CHECK(bodies[0] == world.queue.records.at(1).coded.bytes);
    // Under another coding since: unpacked, and packed anew.
    forward::Options options;
    options.destinations = {destination};
    options.destinations[0].compression = codec::Coding::gzip;
    world.loop->reconfigure(options);
    bodies.clear();
    world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
      bodies.push_back(request.body.substr(is_grpc ? 5 : 0));
      return fail(Errc::refused, "Connection refused");
    };
    world.settle_down();
    world.transport.serve = [&](const http::ClientRequest& request) -> FakeTransport::Answer {
      bodies.push_back(request.body.substr(is_grpc ? 5 : 0));
      return test::response(200, {}, {{"grpc-status", "0"}});
    };
    world.live(seconds(60));
    REQUIRE(bodies.size() >= 2);
    CHECK(codec::decode(codec::Coding::gzip, bodies.back(), 1 << 20).has_value());
    CHECK(world.queue.with(Outcome::delivered).size() == 2);
  }
}

TEST_CASE("loop: what is delivered one after the other is settled together") {
  auto destination = test::http_destination();
  destination.compression = codec::Coding::zstd;
  World world({destination});
  world.transport.serve = [](const http::ClientRequest&) -> FakeTransport::Answer {
    return test::response(200);
  };
  const auto append_large = [&] {
    for (unsigned i = 0; i < 8; ++i) {
      auto record = test::record_of(test::numbered(i, 200'000));
      record.coded = {codec::Coding::zstd, codec::encode(codec::Coding::zstd, record.body).value()};
      world.queue.append(record);
    }
    world.loop->notify();
  };
  append_large();
  world.settle_down();
  CHECK(world.transport.requests == 8);
  CHECK(world.queue.with(Outcome::delivered).size() == 8);
  CHECK(world.queue.settlings <= 3);  // the first answer after a pause, and the rest of each lease

  // One that hangs: what went before it is known all the same when the sender gives up.
  unsigned sent = 0;
  world.transport.serve = [&](const http::ClientRequest&) -> FakeTransport::Answer {
    if (++sent <= 5) return test::response(200);
    return fail(Errc::timeout, "timed out");
  };
  append_large();
  world.settle_down();
  CHECK(world.queue.with(Outcome::delivered).size() == 13);
  CHECK(world.queue.misuses == 0);
}
