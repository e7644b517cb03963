// SPDX-License-Identifier: Apache-2.0
// HTTP client over one curl multi handle: connection reuse, HTTP/1.1 and HTTP/2 (ALPN, or prior
// knowledge on cleartext), TLS, proxies, deadlines, bounded answers, trailers. A Client belongs to
// one thread; only wakeup() may be called from others.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/message.hpp"
#include "http/options.hpp"

namespace edgehaul::http {

enum class Version : std::uint8_t {
  http1,                 // HTTP/1.1
  automatic,             // HTTP/2 by ALPN over TLS, HTTP/1.1 on cleartext
  http2_prior_knowledge  // HTTP/2 always: ALPN h2 over TLS, prior knowledge on cleartext (gRPC)
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;          // http:// or https:// ; or http://localhost/… with unix_socket
  std::string unix_socket;  // path; empty: TCP
  Headers headers;
  std::string body;
  Version version = Version::http1;
  TlsOptions tls;
  ProxyOptions proxy;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};   // whole exchange
  std::size_t max_response = 4 * 1024 * 1024;  // bytes of body; more fails with Errc::too_large
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  Headers trailers;
  std::string body;
  std::string remote;            // "127.0.0.1:4317", for messages
  std::uint64_t sent_bytes = 0;  // of the body as put on the wire
};

// Errc of a failed exchange: refused (connect), absent (name does not resolve), timeout, cancelled,
// too_large, invalid (bad URL, unreadable certificate file), unavailable (closed or reset half-way,
// HTTP/2 stream or framing error: whether the peer acted is unknown), io (TLS failure and the
// rest).
using Done = std::function<void(Result<ClientResponse>)>;
using TransferId = std::uint64_t;

class Client {
 public:
  Client();
  ~Client();  // exchanges still active end without a word to their `done`
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Starts an exchange; `done` is called once, from a later run() or cancel().
  TransferId start(ClientRequest request, Done done);
  // Ends an exchange with Errc::cancelled; unknown ids are ignored.
  void cancel(TransferId id);
  std::size_t active() const;

  // Waits up to `limit` for progress, a wakeup() or an end, and calls what is done. Returns at once
  // after one such event; the caller loops.
  void run(std::chrono::milliseconds limit);
  // Makes run() return; any thread.
  void wakeup();

  // Closes idle connections; call when certificates or the configuration changed.
  void forget_connections();

  // One exchange, waited for.
  Result<ClientResponse> perform(ClientRequest request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgehaul::http
