// SPDX-License-Identifier: Apache-2.0
#include "status/routes.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "status/json.hpp"
#include "status/prometheus.hpp"

namespace edgehaul::status {

namespace {

using http::ServerResponse;

constexpr std::string_view kPaths = "/status /metrics /healthz /readyz";

ServerResponse text(int status, std::string body) {
  return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(body) + "\n"};
}

ServerResponse readiness(const Snapshot& snapshot) {
  if (is_ready(snapshot)) return text(200, "ready");
  std::string why(state(snapshot));
  for (const std::string& trouble : troubles(snapshot))
    why += "\n" + trouble;
  return text(503, std::move(why));
}

ServerResponse answer(std::string_view path, const std::function<Snapshot()>& take) {
  // That the loop answers at all is what liveness means.
  if (path == "/healthz") return text(200, "alive");
  if (path == "/readyz") return readiness(take());
  if (path == "/status") return {200, {{"content-type", "application/json"}}, to_json(take())};
  if (path == "/metrics") {
    return {
        200, {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}}, to_prometheus(take())};
  }
  return text(404, "not found; there are " + std::string(kPaths));
}

}  // namespace

http::Handler make_handler(std::function<Snapshot()> take) {
  return
      [take = std::move(take)](const http::ServerRequest& request, const http::Responder& respond) {
        if (request.method != "GET" && request.method != "HEAD") {
          ServerResponse refusal = text(405, "only GET and HEAD");
          refusal.headers.emplace_back("allow", "GET, HEAD");
          return respond(std::move(refusal));
        }
        const std::string_view path =
            std::string_view(request.target).substr(0, request.target.find('?'));
        respond(answer(path, take));
      };
}

}  // namespace edgehaul::status
