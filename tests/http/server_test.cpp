// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <optional>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "http/wire.hpp"

using namespace edgehaul;
using test::echoed;
using test::get;
using test::post;
using test::Stage;
using test::Wire;

namespace {

// A handler that keeps its requests until the test answers them.
struct Later {
  http::Handler handler() {
    return [this](const http::ServerRequest& request, http::Responder respond) {
      targets.push_back(request.target);
      responders.push_back(std::move(respond));
    };
  }
  std::vector<std::string> targets;
  std::vector<http::Responder> responders;
};

}  // namespace

TEST_CASE("server: a connection serves one request after the other") {
  Stage stage;
  Wire wire = stage.wire();
  wire.send(get("/a?b=c"));
  const std::string first = echoed("GET /a?b=c []");
  REQUIRE(stage.until_text(wire, first));
  wire.send(post("/d", "hello"));
  CHECK(stage.until_text(wire, first + echoed("POST /d [hello]")));
  CHECK_FALSE(wire.is_closed());
  CHECK(stage.server->connections() == 1);
  CHECK(stage.server->counters().requests == 2);
}

TEST_CASE("server: pipelined requests are answered in order, one at a time") {
  Later later;
  Stage stage({}, later.handler());
  Wire wire = stage.wire();
  wire.send(get("/1") + post("/2", "x") + get("/3"));
  REQUIRE(stage.until([&] { return later.targets.size() == 1; }));
  for (int i = 0; i < 5; ++i)
    stage.turn();
  CHECK(later.targets == std::vector<std::string>{"/1"});
  later.responders[0]({200, {}, "one"});
  REQUIRE(stage.until([&] { return later.targets.size() == 2; }));
  later.responders[1]({200, {}, "two"});
  REQUIRE(stage.until([&] { return later.targets.size() == 3; }));
  later.responders[2]({204, {}, "no body may follow"});
  CHECK(stage.until_text(wire, echoed("one") + echoed("two") + "HTTP/1.1 204 No Content\r\n\r\n"));
}

TEST_CASE("server: requests that come byte by byte") {
  Stage stage;
  Wire wire = stage.wire();
  const std::string bytes =
      "\r\nPOST /x HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\ntrailer: t\r\n\r\n" +
      post("/y", "12345");
  for (const char byte : bytes) {
    wire.send({&byte, 1});
    stage.io.restart();
    stage.io.poll();
  }
  CHECK(stage.until_text(wire, echoed("POST /x [abc0123456789]") + echoed("POST /y [12345]")));
}

TEST_CASE("server: what the handler is told") {
  http::ServerRequest seen;
  Stage stage({}, [&seen](http::ServerRequest request, const http::Responder& respond) {
    seen = std::move(request);
    respond({200, {}, ""});
  });
  Wire wire = stage.wire();
  wire.send("PUT /p HTTP/1.1\r\nHOST: h\r\nX-One:  a b \r\nx-two:\r\ncontent-length: 2\r\n\r\nhi");
  REQUIRE(stage.until_text(wire, "\r\n\r\n"));
  CHECK(seen.method == "PUT");
  CHECK(http::header(seen.headers, "host") == "h");
  CHECK(http::header(seen.headers, "x-one") == "a b");
  CHECK(http::header(seen.headers, "x-two").empty());
  CHECK(seen.body == "hi");
  CHECK(seen.peer.starts_with("127.0.0.1:"));
  CHECK(seen.peer_name.empty());
}

TEST_CASE("server: HEAD gets the length and no body") {
  Stage stage;
  Wire wire = stage.wire();
  wire.send("HEAD /h HTTP/1.1\r\nhost: x\r\n\r\n" + get("/g"));
  CHECK(stage.until_text(wire,
                         "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n" + echoed("GET /g []")));
}

TEST_CASE("server: 100 Continue when asked for, before the body is there") {
  Stage stage;
  Wire wire = stage.wire();
  wire.send("POST / HTTP/1.1\r\nhost: x\r\nExpect: 100-Continue\r\ncontent-length: 3\r\n\r\n");
  REQUIRE(stage.until_text(wire, "HTTP/1.1 100 Continue\r\n\r\n"));
  wire.send("abc");
  CHECK(stage.until_text(wire, echoed("POST / [abc]")));
}

TEST_CASE("server: connections end when asked to, with HTTP/1.0 always") {
  for (const std::string_view request :
       {"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"}) {
    CAPTURE(request);
    Stage stage;
    Wire wire = stage.wire();
    wire.send(request);
    REQUIRE(stage.until_closed(wire));
    CHECK(wire.text() ==
          "HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nGET / []");
    wire.close();
    CHECK(stage.until([&] { return stage.server->connections() == 0; }));
  }
}

TEST_CASE("server: malformed requests are answered and the connection ends") {
  struct Row {
    std::string_view request;
    std::string_view status;
  };
  const Row rows[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET\r\n\r\n", "400"},
      {"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n", "505"},  // "b" is no version
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},  // no Host
      {"GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nhost : x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nhost: x\r\na: b\x01\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n", "501"},
      {"POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", "400"},
      {"POST / HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\ncontent-length: 1\r\n\r\n", "417"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.request);
    Stage stage;
    Wire wire = stage.wire();
    wire.send(row.request);
    REQUIRE(stage.until_closed(wire));
    CHECK(wire.text().substr(0, 13) == "HTTP/1.1 " + std::string(row.status) + " ");
    CHECK(wire.text().find("connection: close\r\n") != std::string::npos);
    CHECK(stage.server->counters().requests == 0);
    CHECK(stage.server->counters().faults == 1);
  }
}

TEST_CASE("server: the room can shape the server's own answers") {
  http::ServerOptions options;
  options.answer_fault = [](int status, std::string_view words,
                            const http::ServerRequest& request) {
    return http::ServerResponse{
        status, {{"x-target", request.target}}, "<" + std::string(words) + ">"};
  };
  options.max_body = 3;
  Stage stage(std::move(options));
  Wire wire = stage.wire();
  wire.send("POST /big HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n");
  REQUIRE(stage.until_closed(wire));
  CHECK(wire.text() ==
        "HTTP/1.1 413 Content Too Large\r\nx-target: /big\r\ncontent-length: 50\r\n"
        "connection: close\r\n\r\n<the body has 4 bytes, more than the 3 taken here>");
}

TEST_CASE("server: an answer cannot grow header lines") {
  Stage stage({}, [](const http::ServerRequest&, const http::Responder& respond) {
    respond({200, {{"x-a", "1\r\nset-cookie: evil"}, {"content-length", "999"}}, "ok"});
  });
  Wire wire = stage.wire();
  wire.send(get("/"));
  CHECK(stage.until_text(
      wire, "HTTP/1.1 200 OK\r\nx-a: 1set-cookie: evil\r\ncontent-length: 2\r\n\r\nok"));
}

TEST_CASE("server: answers from another thread, twice, never, and too late") {
  Later later;
  Stage stage({}, later.handler());

  SUBCASE("from another thread, the second call ignored") {
    Wire wire = stage.wire();
    wire.send(get("/"));
    REQUIRE(stage.until([&] { return later.responders.size() == 1; }));
    std::thread([&] {
      later.responders[0]({200, {}, "first"});
      later.responders[0]({500, {}, "second"});
    }).join();
    REQUIRE(stage.until_text(wire, echoed("first")));
    wire.send(get("/again"));
    REQUIRE(stage.until([&] { return later.responders.size() == 2; }));
    // The first request's responder has nothing to say about the second request.
    later.responders[0]({500, {}, "third"});
    later.responders[1]({200, {}, "again"});
    CHECK(stage.until_text(wire, echoed("first") + echoed("again")));
  }
  SUBCASE("dropped: answered 503 and the connection goes on") {
    Wire wire = stage.wire();
    wire.send(get("/") + get("/next"));
    REQUIRE(stage.until([&] { return later.responders.size() == 1; }));
    later.responders[0] = nullptr;
    REQUIRE(stage.until([&] { return later.responders.size() == 2; }));
    CHECK(wire.text().starts_with("HTTP/1.1 503 "));
    CHECK(wire.text().find("retry-after: 1\r\n") != std::string::npos);
  }
  SUBCASE("the peer has gone") {
    auto wire = std::make_unique<Wire>(stage.server->port());
    wire->send(get("/") + get("/never"));
    REQUIRE(stage.until([&] { return later.responders.size() == 1; }));
    wire.reset();
    for (int i = 0; i < 3; ++i)
      stage.turn();
    later.responders[0]({200, {}, std::string(4 << 20, 'x')});
    CHECK(stage.until([&] { return stage.server->connections() == 0; }));
  }
  SUBCASE("the server has gone") {
    Wire wire = stage.wire();
    wire.send(get("/"));
    REQUIRE(stage.until([&] { return later.responders.size() == 1; }));
    stage.server.reset();
    later.responders[0]({200, {}, "late"});
    CHECK(stage.until_closed(wire));
    CHECK(wire.text().empty());
  }
}

TEST_CASE("server: stop") {
  Later later;
  Stage stage({}, later.handler());
  Wire idle = stage.wire();
  Wire busy = stage.wire();
  busy.send(get("/") + get("/pipelined"));
  REQUIRE(stage.until(
      [&] { return later.responders.size() == 1 && stage.server->connections() == 2; }));
  bool is_stopped = false;
  const auto done = [&is_stopped] { is_stopped = true; };

  SUBCASE("lets requests in flight finish") {
    stage.server->stop(std::chrono::seconds(60), done);
    REQUIRE(stage.until_closed(idle));
    CHECK_FALSE(Wire(stage.server->port()).is_connected());
    CHECK_FALSE(is_stopped);
    later.responders[0]({200, {}, "last"});
    REQUIRE(stage.until_closed(busy));
    CHECK(busy.text() == "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlast");
    busy.close();
    CHECK(stage.until([&] { return is_stopped; }));
    CHECK(later.targets.size() == 1);
  }
  SUBCASE("closes when the limit has passed") {
    stage.server->stop(std::chrono::milliseconds(20), done);
    CHECK(stage.until([&] { return is_stopped; }));
    CHECK(stage.until_closed(busy));
    CHECK(stage.server->connections() == 0);
    later.responders[0]({200, {}, "too late"});
    stage.turn();
  }
  SUBCASE("a server that is destroyed meanwhile calls nobody") {
    stage.server->stop(std::chrono::seconds(60), done);
    stage.server.reset();
    for (int i = 0; i < 3; ++i)
      stage.turn();
    CHECK_FALSE(is_stopped);
  }
}

TEST_CASE("server: stop without connections is done at once") {
  Stage stage;
  bool is_stopped = false;
  stage.server->stop(std::chrono::seconds(60), [&is_stopped] { is_stopped = true; });
  CHECK(stage.until([&] { return is_stopped; }));
}
