// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "config/keys.hpp"
#include "config/rows.hpp"

namespace edgehaul::config {

namespace {

using namespace std::chrono_literals;

constexpr std::array kCodings{codec::Coding::identity, codec::Coding::gzip, codec::Coding::zstd};

void add_protocol(std::vector<Key>& rows) {
  rows.push_back(
      {"forward[].protocol",
       Type::choice,
       Choice{
           {"grpc", "http"},
           [](Slot s, std::size_t i) { s.draft.to.protocol = static_cast<forward::Protocol>(i); },
           [](Slot s) { return static_cast<std::size_t>(s.draft.to.protocol); }},
       {},
       "OTLP over gRPC or over HTTP with protobuf bodies. Unless it is written, an endpoint with a "
       "path or with port 4318 or 5080 means http, any other grpc."});
  rows.push_back({"forward[].compression",
                  Type::choice,
                  Choice{{"none", "gzip", "zstd"},
                         [](Slot s, std::size_t i) { s.draft.to.compression = kCodings.at(i); },
                         [](Slot s) {
                           std::size_t i = 0;
                           while (kCodings.at(i) != s.draft.to.compression)
                             ++i;
                           return i;
                         }},
                  {},
                  "Coding of requests. Every OTLP server takes gzip; zstd is smaller and cheaper "
                  "where the server takes it."});
}

void add_destination(std::vector<Key>& rows) {
  rows.push_back(row(
      "forward[].name", [](Slot s) -> auto& { return s.draft.to.name; },
      "Names this destination's progress in the spool; a lone destination may go without and is "
      "called default."));
  rows.push_back(
      as(Type::url, row(
                        "forward[].endpoint", [](Slot s) -> auto& { return s.draft.to.endpoint; },
                        "Where to send: https://HOST:PORT, or http:// for plaintext. "
                        "With gRPC a bare HOST:PORT means TLS; with HTTP the path "
                        "/v1/metrics is appended.")));
  add_protocol(rows);
  rows.push_back(secret(row(
      "forward[].headers", [](Slot s) -> auto& { return s.draft.to.headers; },
      "Headers (gRPC: metadata) of every request, such as authorization: \"Basic "
      "${file:/etc/edgehaul/token}\". Values are never logged.")));
  rows.push_back(row(
      "forward[].timeout", [](Slot s) -> auto& { return s.draft.to.timeout; },
      "Time for one request.", between(100ms, 10min)));
  rows.push_back(row("forward[].max_request",
                     [](Slot s) -> auto& { return s.draft.to.max_request; },
                     "Bytes of one request before compression; most servers stop at 4 MiB.",
                     {16ULL << 10, 64ULL << 20}));
}

void add_preset(std::vector<Key>& rows) {
  rows.push_back({"forward[].preset",
                  Type::choice,
                  Choice{{"none", "openobserve"},
                         [](Slot s, std::size_t i) { s.draft.preset = static_cast<Preset>(i); },
                         [](Slot s) { return static_cast<std::size_t>(s.draft.preset); }},
                  {},
                  "openobserve: endpoint is its address, such as http://openobserve.example:5080; "
                  "path, protocol and credentials are made of the next four keys."});
  rows.push_back(row(
      "forward[].organization", [](Slot s) -> auto& { return s.draft.organization; },
      "OpenObserve's organization; without a word default."));
  rows.push_back(row(
      "forward[].user", [](Slot s) -> auto& { return s.draft.user; },
      "OpenObserve's user, such as root@example.com."));
  rows.push_back(as(Type::path, row(
                                    "forward[].password_file",
                                    [](Slot s) -> auto& { return s.draft.password_file; },
                                    "File with the user's password or ingestion token.")));
  rows.push_back(row(
      "forward[].stream", [](Slot s) -> auto& { return s.draft.stream; },
      "OpenObserve's stream for logs and traces instead of default."));
}

void add_connection(std::vector<Key>& rows) {
  const auto tls_file = [&](const char* path, std::string& (*target)(Slot), const char* help) {
    rows.push_back(as(Type::path, row(path, target, help)));
  };
  tls_file(
      "forward[].tls.ca_file", [](Slot s) -> auto& { return s.draft.to.tls.ca_file; },
      "PEM file of the authorities to trust, instead of the system's.");
  tls_file(
      "forward[].tls.cert_file", [](Slot s) -> auto& { return s.draft.to.tls.cert_file; },
      "PEM file of the client certificate.");
  tls_file(
      "forward[].tls.key_file", [](Slot s) -> auto& { return s.draft.to.tls.key_file; },
      "PEM file of the client certificate's key.");
  rows.push_back(row(
      "forward[].tls.server_name", [](Slot s) -> auto& { return s.draft.to.tls.server_name; },
      "Name to expect in the server's certificate instead of the endpoint's host."));
  rows.push_back(row(
      "forward[].tls.insecure", [](Slot s) -> auto& { return s.draft.insecure; },
      "Plaintext for an endpoint without a scheme."));
  rows.push_back(row(
      "forward[].tls.insecure_skip_verify",
      [](Slot s) -> auto& { return s.draft.to.tls.insecure_skip_verify; },
      "Encrypt, but do not check who answers."));
  rows.push_back(
      as(Type::url, row(
                        "forward[].proxy", [](Slot s) -> auto& { return s.draft.to.proxy.url; },
                        "HTTP proxy, such as http://proxy.example:3128. Proxy "
                        "variables of the environment are not read, but "
                        "${env:HTTPS_PROXY} can be written here.")));
  rows.push_back(row(
      "forward[].no_proxy", [](Slot s) -> auto& { return s.draft.to.proxy.no_proxy; },
      "Names, suffixes, addresses and CIDR blocks, separated by commas, that are reached without "
      "the proxy."));
}

void add_pace(std::vector<Key>& rows) {
  rows.push_back(row(
      "forward[].backoff.initial", [](Slot s) -> auto& { return s.draft.to.backoff_initial; },
      "First pause.", between(10ms, 10min)));
  rows.push_back(row(
      "forward[].backoff.max", [](Slot s) -> auto& { return s.draft.to.backoff_max; },
      "Longest pause.", between(10ms, 24h)));
  rows.push_back(as(
      Type::rate,
      row("forward[].backlog.max_rate", [](Slot s) -> auto& { return s.draft.to.backlog_max_rate; },
          "Bytes per second on the wire; 0: no limit.", {0, 1ULL << 40})));
  rows.push_back(row(
      "forward[].backlog.forbid", [](Slot s) -> auto& { return s.draft.backlog_forbid; },
      "Stretch of the day, by the host's local time, in which no backlog is sent: \"08:00-18:00\". "
      "Fresh samples go all the same."));
}

void add_age(std::vector<Key>& rows) {
  const Limits most = between(0ms, 24h * 3650);
  rows.push_back(row(
      "forward[].max_age.metrics", [](Slot s) -> auto& { return s.draft.to.max_age[1]; },
      "Oldest metrics that this destination is sent; 0: no limit.", most));
  rows.push_back(row(
      "forward[].max_age.logs", [](Slot s) -> auto& { return s.draft.to.max_age[2]; },
      "Oldest logs, such as 5h for OpenObserve's default window; 0: no limit.", most));
  rows.push_back(row(
      "forward[].max_age.traces", [](Slot s) -> auto& { return s.draft.to.max_age[3]; },
      "Oldest traces; 0: no limit.", most));
  rows.push_back(row(
      "forward[].max_age.profiles", [](Slot s) -> auto& { return s.draft.to.max_age[4]; },
      "Oldest profiles; 0: no limit.", most));
  rows.push_back(
      {"forward[].too_old",
       Type::choice,
       Choice{{"keep", "drop"},
              [](Slot s, std::size_t i) { s.draft.to.too_old = static_cast<forward::TooOld>(i); },
              [](Slot s) { return static_cast<std::size_t>(s.draft.to.too_old); }},
       {},
       "What becomes of records past max_age: set aside for edgehaul spool export --rejected, or "
       "dropped. Both are counted."});
}

}  // namespace

void add_forward_keys(std::vector<Key>& rows) {
  add_destination(rows);
  add_preset(rows);
  add_connection(rows);
  add_pace(rows);
  add_age(rows);
}

}  // namespace edgehaul::config
