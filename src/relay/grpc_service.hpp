// SPDX-License-Identifier: Apache-2.0
// OTLP/gRPC: the Export methods of the four signals. Made once per listener; runs on the
// io_context's thread.
#pragma once

#include <optional>

#include "grpc/server.hpp"
#include "relay/access.hpp"
#include "relay/intake.hpp"

namespace edgehaul::relay {

class GrpcService {
 public:
  GrpcService(Intake& intake, const AccessOptions& access) : intake_(intake), access_(access) {}

  // Judged by the headers alone: method and credentials.
  std::optional<grpc::ServerReply> admit(const grpc::ServerCall& call) const;
  void handle(grpc::ServerCall call, grpc::Responder respond);

 private:
  Intake& intake_;
  const Access access_;
};

// UNAVAILABLE with RetryInfo: what makes every OTLP sender come again instead of dropping.
grpc::ServerReply come_again(std::string_view words, std::chrono::milliseconds retry_after);

}  // namespace edgehaul::relay
