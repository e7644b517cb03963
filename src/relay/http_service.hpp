// SPDX-License-Identifier: Apache-2.0
// OTLP/HTTP (OTLP specification, OTLP/HTTP): paths, methods, content types, codings and the exact
// answers. Made once per listener; runs on the io_context's thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "http/server.hpp"
#include "relay/access.hpp"
#include "relay/intake.hpp"

namespace edgehaul::relay {

class HttpService {
 public:
  HttpService(Intake& intake, const AccessOptions& access, std::size_t max_request)
      : intake_(intake), access_(access), max_request_(max_request) {}

  // Judged by the header alone: path, method, credentials, content type, coding.
  std::optional<http::ServerResponse> admit(const http::ServerRequest& request) const;
  void handle(http::ServerRequest request, http::Responder respond);
  // What the server itself has to say (400, 413, 503 …), as google.rpc.Status.
  static http::ServerResponse fault(int status, std::string_view words,
                                    const http::ServerRequest& request);

 private:
  Sender sender_of(const http::ServerRequest& request) const;

  Intake& intake_;
  const Access access_;
  const std::size_t max_request_;
};

}  // namespace edgehaul::relay
