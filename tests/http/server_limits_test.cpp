// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "http/wire.hpp"

using namespace edgehaul;
using std::chrono::milliseconds;
using test::echoed;
using test::get;
using test::post;
using test::Stage;
using test::Wire;

namespace {

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";

// UBSan looks at objects through a pipe: without descriptors it reports them all as faulty.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kNeedsDescriptors = true;
#else
constexpr bool kNeedsDescriptors = false;
#endif

}  // namespace

TEST_CASE("server limits: header bytes") {
  http::ServerOptions options;
  options.max_header = 1024;
  const std::string fields = [] {
    std::string out = "GET / HTTP/1.1\r\nhost: x\r\n";
    for (int i = 0; i < 200; ++i)
      out += "x-" + std::to_string(i) + ": value\r\n";
    return out;
  }();
  for (const std::string& request :
       {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-long: " + std::string(2000, 'a') + "\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-endless: " + std::string(100'000, 'a'), fields + "\r\n",
        fields, std::string(5000, 'G')}) {
    CAPTURE(request.substr(0, 60));
    Stage stage(options);
    Wire wire = stage.wire();
    wire.send(request);
    REQUIRE(stage.until_closed(wire));
    CHECK(wire.text().starts_with(request[1] == 'G' ? "HTTP/1.1 4" : "HTTP/1.1 431 "));
    CHECK(stage.server->counters().requests == 0);
  }
}

TEST_CASE("server limits: a header just within them") {
  http::ServerOptions options;
  options.max_header = 1024;
  Stage stage(options);
  Wire wire = stage.wire();
  wire.send("GET / HTTP/1.1\r\nhost: x\r\nx-long: " + std::string(900, 'a') + "\r\n\r\n");
  CHECK(stage.until_text(wire, echoed("GET / []")));
}

TEST_CASE("server limits: body bytes by Content-Length, refused before they come") {
  http::ServerOptions options;
  options.max_body = 10;
  Stage stage(options);
  Wire fits = stage.wire();
  fits.send(post("/", "0123456789"));
  CHECK(stage.until_text(fits, echoed("POST / [0123456789]")));
  Wire wire = stage.wire();
  wire.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 11\r\n\r\n");
  REQUIRE(stage.until_closed(wire));
  CHECK(wire.text().starts_with("HTTP/1.1 413 "));
}

TEST_CASE("server limits: body bytes of a chunked body") {
  http::ServerOptions options;
  options.max_body = 10;
  Stage stage(options);
  Wire fits = stage.wire();
  fits.send(std::string(kChunkedHead) + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
  CHECK(stage.until_text(fits, echoed("POST / [0123456789]")));
  Wire wire = stage.wire();
  wire.send(std::string(kChunkedHead) + "5\r\n01234\r\n6\r\n");
  REQUIRE(stage.until_closed(wire));
  CHECK(wire.text().starts_with("HTTP/1.1 413 "));
}

TEST_CASE("server limits: a client that sends all of a refused body still reads the answer") {
  http::ServerOptions options;
  options.max_body = 1000;
  Stage stage(options);
  Wire wire = stage.wire();
  const std::string request = post("/", std::string(8 << 20, 'x'));
  std::size_t sent = 0;
  // The answer is only looked at once everything is out, as simple clients do.
  REQUIRE(stage.until([&] {
    sent += wire.send(std::string_view(request).substr(sent));
    return sent == request.size();
  }));
  REQUIRE(stage.until_closed(wire));
  CHECK(wire.text().starts_with("HTTP/1.1 413 "));
}

TEST_CASE("server limits: deadlines close without an answer") {
  http::ServerOptions options;
  options.header_deadline = options.body_deadline = options.idle_deadline = milliseconds(1);
  options.write_deadline = milliseconds(30'000);
  struct Row {
    std::string_view name;
    std::string request;
    std::string answer;
    std::uint64_t timeouts;
  };
  const Row rows[] = {
      {"nothing at all", "", "", 1},
      {"half a header", "GET / HTTP/1.1\r\nhost:", "", 1},
      {"half a body", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabc", "", 1},
      {"half a chunked body", std::string(kChunkedHead) + "5\r\nabc", "", 1},
      {"idle after a request", get("/"), echoed("GET / []"), 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    // The part that is to be waited for must not itself fall to a deadline of one millisecond.
    http::ServerOptions mine = options;
    if (row.name != "nothing at all" && row.name != "half a header") {
      mine.header_deadline = milliseconds(30'000);
    }
    Stage stage(mine);
    Wire wire = stage.wire();
    wire.send(row.request);
    REQUIRE(stage.until_closed(wire));
    CHECK(wire.text() == row.answer);
    CHECK(stage.server->counters().timeouts == row.timeouts);
    CHECK(stage.server->connections() == 0);
  }
}

TEST_CASE("server limits: an answer that nobody reads") {
  http::ServerOptions options;
  options.write_deadline = milliseconds(10);
  Stage stage(options, [](const http::ServerRequest&, const http::Responder& respond) {
    respond({200, {}, std::string(32 << 20, 'x')});
  });
  Wire wire = stage.wire();
  wire.send(get("/"));
  REQUIRE(stage.until([&] { return stage.server->counters().timeouts == 1; }));
  CHECK(stage.server->connections() == 0);
}

TEST_CASE("server limits: connections, all busy") {
  http::ServerOptions options;
  options.max_connections = 2;
  std::vector<http::Responder> responders;
  Stage stage(options, [&responders](const http::ServerRequest&, http::Responder respond) {
    responders.push_back(std::move(respond));
  });
  Wire one = stage.wire();
  Wire two = stage.wire();
  one.send(get("/"));
  two.send(get("/"));
  REQUIRE(stage.until([&] { return responders.size() == 2; }));
  Wire three = stage.wire();
  REQUIRE(stage.until_closed(three));
  CHECK(three.text().starts_with("HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n"));
  CHECK(stage.server->counters().refused == 1);
  responders[0]({200, {}, "one"});
  REQUIRE(stage.until_text(one, echoed("one")));
  // Now `one` is idle and gives way.
  Wire four = stage.wire();
  four.send(get("/"));
  REQUIRE(stage.until([&] { return responders.size() == 3; }));
  CHECK(stage.until_closed(one));
  CHECK(stage.server->connections() == 2);
}

TEST_CASE("server limits: the longest idle connection gives way first") {
  http::ServerOptions options;
  options.max_connections = 2;
  Stage stage(options);
  Wire one = stage.wire();
  Wire two = stage.wire();
  two.send(get("/"));
  REQUIRE(stage.until_text(two, echoed("GET / []")));
  one.send(get("/"));
  REQUIRE(stage.until_text(one, echoed("GET / []")));
  Wire three = stage.wire();
  three.send(get("/"));
  REQUIRE(stage.until_text(three, echoed("GET / []")));
  CHECK(two.is_closed());
  CHECK_FALSE(one.is_closed());
  CHECK(stage.server->counters().refused == 0);
}

TEST_CASE("server limits: body bytes of all connections together") {
  http::ServerOptions options;
  options.max_body = 100;
  options.max_buffered = 150;
  std::vector<http::Responder> responders;
  Stage stage(options, [&responders](const http::ServerRequest&, http::Responder respond) {
    responders.push_back(std::move(respond));
  });
  Wire one = stage.wire();
  one.send(post("/", std::string(100, 'x')));
  REQUIRE(stage.until([&] { return responders.size() == 1; }));
  Wire two = stage.wire();
  two.send(post("/", std::string(51, 'x')));
  REQUIRE(stage.until_closed(two));
  CHECK(two.text().starts_with("HTTP/1.1 503 "));
  CHECK(two.text().find("retry-after: 1\r\n") != std::string::npos);
  Wire half = stage.wire();
  half.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n" + std::string(50, 'x'));
  REQUIRE(stage.until([&] { return stage.server->connections() >= 2; }));
  responders[0]({200, {}, "one"});
  REQUIRE(stage.until_text(one, echoed("one")));
  // The answer freed its bytes, and a peer that goes away half-way frees its own.
  half.close();
  Wire three = stage.wire();
  REQUIRE(stage.until([&] { return stage.server->connections() <= 3; }));
  three.send(post("/", std::string(100, 'x')));
  CHECK(stage.until([&] { return responders.size() == 2; }));
}

TEST_CASE("server limits: admission looks at the header before the body is read") {
  http::ServerOptions options;
  int asked = 0;
  options.admit = [&asked](const http::ServerRequest& request) {
    ++asked;
    std::optional<http::ServerResponse> refusal;
    CHECK(request.peer.starts_with("127.0.0.1:"));
    CHECK(request.body.empty());
    if (http::header(request.headers, "authorization") != "me") {
      refusal = http::ServerResponse{401, {{"www-authenticate", "Basic"}}, "who?"};
    }
    return refusal;
  };
  Stage stage(options);
  Wire wire = stage.wire();
  wire.send("POST / HTTP/1.1\r\nhost: x\r\nauthorization: me\r\ncontent-length: 1\r\n\r\na");
  const std::string first = echoed("POST / [a]");
  REQUIRE(stage.until_text(wire, first));
  // Without a body the connection can go on.
  wire.send(get("/"));
  const std::string second =
      "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 4\r\n";
  REQUIRE(stage.until_text(wire, first + second + "\r\nwho?"));
  wire.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n");
  REQUIRE(stage.until_closed(wire));
  CHECK(wire.text() == first + second + "\r\nwho?" + second + "connection: close\r\n\r\nwho?");
  CHECK(asked == 3);
  CHECK(stage.server->counters().requests == 1);
}

TEST_CASE("server limits: out of descriptors, accepting goes on when there are some again" *
          doctest::skip(kNeedsDescriptors)) {
  Stage stage;
  Wire wire = stage.wire();  // waits in the backlog
  wire.send(get("/"));
  stage.io.poll();  // the loop's own descriptors are open now
  REQUIRE(stage.until_text(wire, echoed("GET / []")));
  Wire second = stage.wire();
  second.send(get("/"));
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  const rlimit none{3, old.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool has_failed = stage.until([&] { return stage.server->counters().accept_faults > 0; });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  REQUIRE(has_failed);
  CHECK(stage.until_text(second, echoed("GET / []")));
}

TEST_CASE("server limits: a body that keeps coming outlives the deadline") {
  // 40 pieces of 64 KiB, each within its own deadline by a wide margin.
  http::ServerOptions options;
  options.max_body = 8 << 20;
  Stage stage(options, [](const http::ServerRequest& request, const http::Responder& respond) {
    respond({200, {}, std::to_string(request.body.size())});
  });
  Wire wire = stage.wire();
  const std::string request = post("/", std::string(40 * 65536, 'x'));
  std::size_t sent = 0;
  REQUIRE(stage.until([&] {
    sent += wire.send(std::string_view(request).substr(sent, 65536));
    return sent == request.size();
  }));
  CHECK(stage.until_text(wire, echoed("2621440")));
}
