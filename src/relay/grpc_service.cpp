// SPDX-License-Identifier: Apache-2.0
#include "relay/grpc_service.hpp"

#include <array>
#include <utility>

#include "otlp/answer.hpp"
#include "otlp/signal.hpp"
#include "spool/batch.hpp"

namespace edgehaul::relay {

namespace {

using grpc::Code;
using grpc::ServerReply;

constexpr std::array kSignals{otlp::Signal::metrics, otlp::Signal::logs, otlp::Signal::traces,
                              otlp::Signal::profiles};

std::optional<otlp::Signal> signal_of(const grpc::ServerCall& call) {
  for (const otlp::Signal signal : kSignals) {
    if (call.path == otlp::grpc_path(signal)) return signal;
  }
  return std::nullopt;
}

ServerReply answer(otlp::Signal signal, const Taken& taken) {
  switch (taken.outcome) {
    case Outcome::kept:
      return {Code::ok, "", "", otlp::make_success(signal, {}, false)};
    case Outcome::malformed:
      return {Code::invalid_argument, taken.words, "", ""};
    case Outcome::too_large:
      return {Code::resource_exhausted, taken.words, "", ""};
    case Outcome::later:
      return come_again(taken.words, taken.retry_after);
  }
  return {Code::internal, "unknown outcome", "", ""};
}

}  // namespace

ServerReply come_again(std::string_view words, std::chrono::milliseconds retry_after) {
  otlp::Status status;
  status.code = static_cast<std::int32_t>(Code::unavailable);
  status.message = words;
  status.retry_delay = retry_after;
  return {Code::unavailable, std::string(words), otlp::make_status(status, false), ""};
}

std::optional<ServerReply> GrpcService::admit(const grpc::ServerCall& call) const {
  if (!access_.judge(http::header(call.metadata, "authorization")).is_allowed) {
    intake_.refused({std::string(host_of(call.peer)), 0}, "credentials missing or wrong");
    return ServerReply{Code::unauthenticated, "credentials missing or wrong", "", ""};
  }
  if (!signal_of(call)) {
    return ServerReply{Code::unimplemented, "no such method; OTLP's Export methods are served", "",
                       ""};
  }
  return std::nullopt;
}

void GrpcService::handle(grpc::ServerCall call, grpc::Responder respond) {
  const auto signal = signal_of(call);
  if (!signal) return respond({Code::unimplemented, "no such method", "", ""});
  Sender sender{
      access_.judge(http::header(call.metadata, "authorization")).name, call.wire_bytes, {}};
  if (sender.name.empty()) sender.name = call.peer_name;
  if (sender.name.empty()) sender.name = host_of(call.peer);
  sender.batch = http::header(call.metadata, spool::kBatchHeader);
  intake_.take(*signal, {std::move(call.message), std::move(call.coded)}, std::move(sender),
               [signal = *signal, respond = std::move(respond)](const Taken& taken) {
                 respond(answer(signal, taken));
               });
}

}  // namespace edgehaul::relay
