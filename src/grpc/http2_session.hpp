// SPDX-License-Identifier: Apache-2.0
// The nghttp2 side of a server connection: makes the session whose callbacks drive a Connection,
// and the few things a connection asks of it. The only place that sees nghttp2. io_context thread
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "grpc/server.hpp"

struct nghttp2_session;

namespace edgehaul::grpc {

class Connection;

// nullptr only when memory is out. Queues the server's SETTINGS.
nghttp2_session* make_session(Connection& connection, const ServerOptions& options);
void free_session(nghttp2_session* session);

// Bytes from the peer; false after a violation that ends the connection (its GOAWAY is queued).
bool receive(nghttp2_session* session, std::string_view bytes);
// Appends the next piece of output; false when there is none.
bool next_output(nghttp2_session* session, std::string& out);
bool wants_more(nghttp2_session* session);

// What a peer may send on one stream before its window is opened further: the part of the memory
// budget that a call takes when it begins.
inline constexpr std::size_t kStreamWindow = 128 * 1024;

void open_stream_window(nghttp2_session* session, std::int32_t stream, std::size_t bytes);
void open_connection_window(nghttp2_session* session, std::size_t bytes);

// HEADERS, the call's frame as DATA, trailers.
void submit_message(nghttp2_session* session, std::int32_t stream);
// Trailers-Only.
void submit_error(nghttp2_session* session, std::int32_t stream, const ServerReply& reply);
// An HTTP answer to what is no gRPC request; the call's frame is its text.
void submit_status(nghttp2_session* session, std::int32_t stream, int status);
void reset_stream(nghttp2_session* session, std::int32_t stream);
void submit_goaway_notice(nghttp2_session* session);
void submit_goaway(nghttp2_session* session);

}  // namespace edgehaul::grpc
