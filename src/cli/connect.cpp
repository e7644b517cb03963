// SPDX-License-Identifier: Apache-2.0
#include "cli/connect.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "forward/compose.hpp"
#include "forward/verdict.hpp"
#include "forward/words.hpp"
#include "grpc/call.hpp"
#include "http/client.hpp"

namespace edgehaul::cli {

namespace {

using forward::Destination;
using forward::Kind;
using forward::Verdict;

constexpr std::size_t kMaxAnswer = 64 * 1024;

Verdict ask(http::Client& client, const Destination& to, otlp::Signal signal) {
  auto request = forward::compose(to, signal, "");
  if (!request) return forward::judge_failure(request.error());
  const auto response = client.perform(std::move(*request));
  if (!response) return forward::judge_failure(response.error());
  const base::UnixNanos now = base::SystemClock().wall();
  if (to.protocol == forward::Protocol::http) return forward::judge_http(signal, *response, now);
  return forward::judge_grpc(signal, *response, grpc::read_answer(*response, kMaxAnswer), now);
}

// What the service would make of it, and what to look at.
std::string_view meaning(const Verdict& verdict) {
  switch (verdict.kind) {
    case Kind::delivered:
      return "";
    case Kind::retry:
    case Kind::doubtful:
      return "; the service would keep the data and try again";
    case Kind::hold:
      return verdict.is_of_signal
                 ? "; the service would hold the data: look at the endpoint's path and the rights "
                   "of the credentials"
                 : "; the service would hold the data: look at the credentials, the certificates "
                   "and the endpoint";
    case Kind::split:
    case Kind::reject:
      return "; an empty request should not be refused: look at what serves there";
  }
  return "";
}

bool probe(http::Client& client, const Destination& to, otlp::Signal signal) {
  const auto begun = std::chrono::steady_clock::now();
  const Verdict verdict = ask(client, to, signal);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  const std::string target = forward::shown_target(to, signal);
  if (verdict.kind == Kind::delivered) {
    print(fmt::format("destination {}: {}: works, answered in {} ms{}\n", to.name, target,
                      took.count(), verdict.is_odd ? ", though not in OTLP" : ""));
    return true;
  }
  print(fmt::format("destination {}: {}: does not work: {}{}\n", to.name, target,
                    forward::without_secrets(verdict.words, to), meaning(verdict)));
  return false;
}

}  // namespace

bool connect(const config::Config& config) {
  http::Client client;
  bool is_good = true;
  for (const Destination& to : config.forward.destinations) {
    is_good = probe(client, to, otlp::Signal::metrics) && is_good;
    if (config.mode != config::Mode::relay) continue;
    for (const otlp::Signal signal : {otlp::Signal::logs, otlp::Signal::traces}) {
      is_good = probe(client, to, signal) && is_good;
    }
  }
  return is_good;
}

}  // namespace edgehaul::cli
