// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <future>

#include <doctest/doctest.h>

#include "http/peer.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;
using http::Client;
using http::ClientRequest;
using http::ClientResponse;

namespace {

ClientRequest get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  return request;
}

// Runs the client until `condition`, however many events that takes.
void run_until(Client& client, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < end)
    client.run(100ms);
  CHECK(condition());
}

// What the client sends for `request`, as its peer sees it.
std::string on_the_wire(ClientRequest request) {
  std::promise<std::string> seen;
  test::Peer peer([&](test::Connection& connection) {
    seen.set_value(connection.read_request());
    connection.write(test::ok(""));
  });
  request.url = peer.url("/path?query");
  CHECK(Client().perform(std::move(request)).has_value());
  return seen.get_future().get();
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("client: an answer in its parts") {
  const test::Peer peer(
      test::always("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                   "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nX-Twice: a\r\nx-twice: b\r\n"
                   "Content-Length: 4\r\n\r\nbusy"));
  const auto response = Client().perform(get(peer.url()));
  REQUIRE(response);
  CHECK(response->status == 429);
  CHECK(response->body == "busy");
  CHECK(response->headers ==
        http::Headers{
            {"retry-after", "7"}, {"x-twice", "a"}, {"x-twice", "b"}, {"content-length", "4"}});
  CHECK(response->trailers.empty());
  CHECK(response->remote == "127.0.0.1:" + std::to_string(peer.port()));
  CHECK(response->sent_bytes == 0);
}

TEST_CASE("client: a chunked body, its trailers apart from the headers") {
  const test::Peer peer(
      test::always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                   "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"));
  const auto response = Client().perform(get(peer.url()));
  REQUIRE(response);
  CHECK(response->body == "abcde");
  CHECK(http::header(response->headers, "x-sum").empty());
  CHECK(response->trailers == http::Headers{{"x-sum", "5"}});
}

TEST_CASE("client: requests carry what was asked for and nothing else") {
  const std::string plain = on_the_wire(get(""));
  CHECK(plain.substr(0, 25) == "GET /path?query HTTP/1.1\r");
  for (const char* own : {"Accept", "User-Agent", "Expect", "Content", "Cookie", "Connection"})
    CHECK_FALSE_MESSAGE(has(plain, own), own);

  ClientRequest post;
  post.method = "POST";
  post.headers = {{"Content-Type", "application/x-protobuf"}, {"x-empty", ""}, {"te", "trailers"}};
  post.body = std::string(3'000'000, 'x') + std::string(1, '\0');
  const std::string sent = on_the_wire(post);
  CHECK(sent.substr(0, 5) == "POST ");
  CHECK(has(sent, "\r\nContent-Type: application/x-protobuf\r\n"));
  CHECK(has(sent, "\r\nx-empty:\r\n"));
  CHECK(has(sent, "\r\nte: trailers\r\n"));
  CHECK(has(sent, "\r\nContent-Length: 3000001\r\n"));
  CHECK_FALSE(has(sent, "Expect"));
  CHECK(sent.size() > 3'000'000);

  post.body.clear();
  CHECK(has(on_the_wire(post), "\r\nContent-Length: 0\r\n"));
  for (const char* method : {"PUT", "DELETE", "HEAD", "OPTIONS"}) {
    ClientRequest other;
    other.method = method;
    CHECK(on_the_wire(other).substr(0, std::string(method).size() + 1) ==
          std::string(method) + " ");
  }
}

TEST_CASE("client: counts the body's bytes as sent") {
  const test::Peer peer(test::always(test::ok("")));
  ClientRequest request = get(peer.url());
  request.method = "POST";
  request.body = std::string(1000, 'b');
  CHECK(Client().perform(request)->sent_bytes == 1000);
}

TEST_CASE("client: connections are used again, until forgotten") {
  const test::Peer peer(test::always(test::ok("x")));
  Client client;
  for (int i = 0; i < 3; ++i)
    CHECK(client.perform(get(peer.url()))->body == "x");
  CHECK(peer.connections() == 1);
  client.forget_connections();
  CHECK(client.perform(get(peer.url())).has_value());
  CHECK(peer.connections() == 2);
}

TEST_CASE("client: connections forgotten in the middle of an exchange are not used after it") {
  std::promise<void> go;
  const test::Peer peer([&](test::Connection& connection) {
    while (!connection.read_request().empty()) {
      if (connection.number() == 1) go.get_future().wait();
      connection.write(test::ok("x"));
    }
  });
  Client client;
  bool is_done = false;
  client.start(get(peer.url()), [&](auto result) { is_done = result.has_value(); });
  run_until(client, [&] { return peer.connections() == 1; });
  client.forget_connections();
  go.set_value();
  run_until(client, [&] { return is_done; });
  CHECK(client.perform(get(peer.url())).has_value());
  CHECK(peer.connections() == 2);
}

TEST_CASE("client: a kept connection that the peer has closed is replaced") {
  const test::Peer peer([](test::Connection& connection) {
    connection.read_request();
    connection.write(test::ok("x"));
  });
  Client client;
  for (int i = 0; i < 3; ++i)
    CHECK(client.perform(get(peer.url())).has_value());
  CHECK(peer.connections() == 3);
}

TEST_CASE("client: answers that break off or are none") {
  struct Row {
    std::string answer;
    Errc code;
    const char* words;
  };
  const Row rows[] = {
      {"", Errc::unavailable, ""},
      {"HTTP/1.1 200 OK\r\nContent-Le", Errc::unavailable, "closed in the middle"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", Errc::unavailable, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Errc::unavailable, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Errc::unavailable, ""},
      {"SSH-2.0-OpenSSH_9.2\r\n", Errc::io, "not an HTTP answer"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Errc::unavailable, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", Errc::too_large, "4194304"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    const test::Peer peer([&](test::Connection& connection) {
      connection.read_request();
      connection.write(row.answer);
    });
    const auto response = Client().perform(get(peer.url()));
    REQUIRE_FALSE(response.has_value());
    CAPTURE(response.error().message);
    CHECK(response.error().code == row.code);
    CHECK(has(response.error().message, "127.0.0.1:" + std::to_string(peer.port()) + ": "));
    CHECK(has(response.error().message, row.words));
  }
}

TEST_CASE("client: bodies and headers without end stop at their bound") {
  const test::Peer body([](test::Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 1000; ++i)
      connection.write(std::string(10'000, 'x'));
  });
  const auto long_body = Client().perform(get(body.url()));
  CHECK(long_body.error().code == Errc::too_large);
  CHECK(has(long_body.error().message, "more than 4194304 bytes"));

  const test::Peer head([](test::Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 10'000; ++i)
      connection.write("X-Field: " + std::string(1000, 'x') + "\r\n");
  });
  const auto long_head = Client().perform(get(head.url()));
  CHECK_MESSAGE(long_head.error().code == Errc::too_large, long_head.error().message);
  CHECK(has(long_head.error().message, "more than 65536 bytes of headers"));

  const test::Peer exact(test::always(test::ok("12345")));
  ClientRequest request = get(exact.url());
  request.max_response = 5;
  CHECK(Client().perform(request)->body == "12345");
  request.max_response = 4;
  CHECK(Client().perform(request).error().code == Errc::too_large);
}

TEST_CASE("client: nobody there, no such name, no such socket") {
  std::uint16_t port = 0;
  { port = test::Peer(test::always("")).port(); }
  const std::string place = "127.0.0.1:" + std::to_string(port);
  const auto refused = Client().perform(get("http://" + place));
  CHECK(refused.error().code == Errc::refused);
  CHECK(refused.error().message == place + ": connect: Connection refused");

  // A label of more than 63 bytes never reaches a name server.
  const auto unnamed = Client().perform(get("http://" + std::string(64, 'a') + ".invalid/"));
  CHECK(unnamed.error().code == Errc::absent);

  ClientRequest request = get("http://localhost/");
  request.unix_socket = "/nonexistent/socket";
  const auto no_socket = Client().perform(request);
  CHECK(no_socket.error().code == Errc::refused);
  CHECK(has(no_socket.error().message, "unix:/nonexistent/socket: connect: No such file"));
}

TEST_CASE("client: Unix sockets") {
  const test::TempDir dir;
  const test::Peer peer(test::always(test::ok("local")), {}, dir.at("s"));
  ClientRequest request = get("http://localhost/status");
  request.unix_socket = dir.at("s");
  request.proxy.url = "http://127.0.0.1:1";
  const auto response = Client().perform(request);
  REQUIRE(response);
  CHECK(response->body == "local");
  CHECK(response->remote == "unix:" + dir.at("s"));
}

TEST_CASE("client: a silent peer ends at the deadline, and its connection is not used again") {
  const test::Peer peer([](test::Connection& connection) {
    connection.read_request();
    if (connection.number() > 1) connection.write(test::ok("x"));
    connection.wait_closed();
  });
  Client client;
  ClientRequest request = get(peer.url());
  request.timeout = 50ms;
  const auto late = client.perform(request);
  CHECK(late.error().code == Errc::timeout);
  CHECK(has(late.error().message, "no complete answer within"));
  CHECK(client.perform(get(peer.url()))->body == "x");
}

TEST_CASE("client: faulty requests fail with words and without secrets") {
  struct Row {
    std::function<void(ClientRequest&)> spoil;
    const char* words;
  };
  const Row rows[] = {
      {[](auto& r) { r.url = "ftp://secret"; }, "URL: must begin with http"},
      {[](auto& r) { r.url = "nonsense"; }, "URL: "},
      {[](auto& r) {
         r.headers = {{"x", "secret\r\nX-Evil: 1"}};
       },
       "header 'x': control char"},
      {[](auto& r) {
         r.headers = {{"x y", "secret"}};
       },
       "header 'x y': not a header name"},
      {[](auto& r) {
         r.headers = {{"", "secret"}};
       },
       "header '': not a header name"},
      {[](auto& r) { r.method = "GET /secret HTTP/1.1\r\nX"; }, "not a method"},
      {[](auto& r) { r.proxy.url = "socks5://user:secret@host"; }, "proxy: must begin with"},
  };
  for (const Row& row : rows) {
    ClientRequest request = get("http://127.0.0.1:1/");
    row.spoil(request);
    const auto response = Client().perform(request);
    CHECK(response.error().code == Errc::invalid);
    CHECK_MESSAGE(has(response.error().message, row.words), response.error().message);
    CHECK_FALSE(has(response.error().message, "secret"));
  }
}

TEST_CASE("client: cancelled exchanges say so once, and the peer sees the end") {
  std::promise<void> closed;
  const test::Peer peer([&](test::Connection& connection) {
    connection.read_request();
    connection.wait_closed();
    closed.set_value();
  });
  Client client;
  int calls = 0;
  const auto id = client.start(get(peer.url()), [&](auto result) {
    ++calls;
    CHECK(result.error().code == Errc::cancelled);
  });
  run_until(client, [&] { return peer.connections() == 1; });
  CHECK(client.active() == 1);
  CHECK(calls == 0);
  client.cancel(id);
  CHECK(calls == 1);
  CHECK(client.active() == 0);
  client.cancel(id);
  client.cancel(12345);
  CHECK(calls == 1);
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("client: callbacks may start and cancel exchanges") {
  const test::Peer peer(test::always(test::ok("x")));
  const test::Peer silent([](test::Connection& connection) { connection.wait_closed(); });
  Client client;
  std::vector<std::string> order;
  const auto hanging =
      client.start(get(silent.url()), [&](auto) { order.emplace_back("cancelled"); });
  client.start(get(peer.url()), [&](auto) {
    order.emplace_back("first");
    client.cancel(hanging);
    client.start(get(peer.url()), [&](auto) { order.emplace_back("second"); });
  });
  run_until(client, [&] { return order.size() == 3; });
  CHECK(order == std::vector<std::string>{"first", "cancelled", "second"});
  CHECK(client.active() == 0);
}

TEST_CASE("client: a fault of the request comes from run(), not from start()") {
  Client client;
  bool is_done = false;
  client.start(get("nonsense"), [&](auto) { is_done = true; });
  CHECK_FALSE(is_done);
  CHECK(client.active() == 1);
  client.run(0ms);
  CHECK(is_done);
}

TEST_CASE("client: wakeup ends a wait from another thread, also one that comes first") {
  Client client;
  client.wakeup();
  client.run(1h);
  std::thread other([&] { client.wakeup(); });
  client.run(1h);
  other.join();
}

TEST_CASE("client: many at once") {
  const test::Peer peer(test::always(test::ok("x")));
  Client client;
  int good = 0;
  for (int i = 0; i < 50; ++i)
    client.start(get(peer.url()), [&](auto result) { good += result.has_value() ? 1 : 0; });
  CHECK(client.active() == 50);
  run_until(client, [&] { return client.active() == 0; });
  CHECK(good == 50);
}

TEST_CASE("client: exchanges still active end with their client") {
  const test::Peer silent([](test::Connection& connection) { connection.wait_closed(); });
  bool is_called = false;
  {
    Client client;
    client.start(get(silent.url()), [&](auto) { is_called = true; });
    run_until(client, [&] { return silent.connections() == 1; });
  }
  CHECK_FALSE(is_called);
}
