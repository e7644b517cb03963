// SPDX-License-Identifier: Apache-2.0
// The way back of a call: a Responder that may be called from any thread, once, and that answers
// UNAVAILABLE by itself when its holder lets go of it.
#pragma once

#include <cstdint>
#include <memory>

#include "grpc/connection.hpp"
#include "grpc/server.hpp"

namespace edgehaul::grpc {

Responder make_responder(boost::asio::io_context& io, std::weak_ptr<Connection> connection,
                         std::int32_t stream, std::uint64_t number);

}  // namespace edgehaul::grpc
