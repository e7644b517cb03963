// SPDX-License-Identifier: Apache-2.0
#include "status/routes.hpp"

#include <optional>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "status/filled.hpp"
#include "status/json.hpp"
#include "status/prometheus.hpp"

using namespace edgehaul;

namespace {

http::ServerResponse ask(std::string method, std::string target,
                         const status::Snapshot& snapshot = test::healthy()) {
  const http::Handler handler = status::make_handler([&snapshot] { return snapshot; });
  std::optional<http::ServerResponse> answer;
  http::ServerRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  handler(std::move(request), [&answer](http::ServerResponse given) { answer = std::move(given); });
  REQUIRE(answer.has_value());
  return *answer;
}

}  // namespace

TEST_CASE("routes: the four paths") {
  CHECK(ask("GET", "/status").body == status::to_json(test::healthy()));
  CHECK(http::header(ask("GET", "/status").headers, "content-type") == "application/json");
  CHECK(ask("GET", "/status?pretty").status == 200);
  CHECK(ask("HEAD", "/status").status == 200);
  CHECK(ask("GET", "/metrics").body == status::to_prometheus(test::healthy()));
  CHECK(http::header(ask("GET", "/metrics").headers, "content-type") ==
        "text/plain; version=0.0.4; charset=utf-8");
  CHECK(ask("GET", "/healthz").status == 200);
  CHECK(ask("GET", "/readyz").status == 200);
}

TEST_CASE("routes: unready, with the reason, yet alive") {
  status::Snapshot snapshot = test::healthy();
  snapshot.spool.mode = spool::Mode::memory;
  snapshot.spool.trouble = "Read-only file system";
  const http::ServerResponse answer = ask("GET", "/readyz", snapshot);
  CHECK(answer.status == 503);
  CHECK(answer.body == "degraded\nspool: in memory only, Read-only file system\n");
  CHECK(ask("GET", "/healthz", snapshot).status == 200);
  CHECK(ask("GET", "/readyz", {}).body == "starting\n");
}

TEST_CASE("routes: what is not there") {
  const http::ServerResponse missing = ask("GET", "/");
  CHECK(missing.status == 404);
  CHECK(missing.body == "not found; there are /status /metrics /healthz /readyz\n");
  for (const char* method : {"POST", "PUT", "DELETE", "get"}) {
    const http::ServerResponse refused = ask(method, "/status");
    CHECK(refused.status == 405);
    CHECK(http::header(refused.headers, "allow") == "GET, HEAD");
  }
}
