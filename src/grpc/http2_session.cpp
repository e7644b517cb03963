// SPDX-License-Identifier: Apache-2.0
#include "grpc/http2_session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "base/base64.hpp"
#include "grpc/connection.hpp"

namespace edgehaul::grpc {

namespace {

constexpr std::int32_t kConnectionWindow = 1024 * 1024;
constexpr std::size_t kMaxSettings = 32;
constexpr std::chrono::seconds kHeadersLimit{10};

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Names and values must outlive the submit call only: nghttp2 copies them.
class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                       reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                       name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<nghttp2_nv> fields_;
};

struct StatusText {
  std::string code;
  std::string message;
  std::string details;

  explicit StatusText(const ServerReply& reply)
      : code(std::to_string(static_cast<int>(reply.code))),
        message(percent_encode(reply.message)),
        details(base::base64_encode(reply.details, false)) {}
  void add_to(Fields& fields) const {
    fields.add("grpc-status", code);
    if (!message.empty()) fields.add("grpc-message", message);
    if (!details.empty()) fields.add("grpc-status-details-bin", details);
  }
};

}  // namespace

struct Callbacks {
  static Connection& of(void* user) { return *static_cast<Connection*>(user); }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Connection& connection = of(user);
    auto call = std::make_unique<Connection::Call>(frame->hd.stream_id);
    call->number = connection.next_number_++;
    call->deadline = std::chrono::steady_clock::now() + kHeadersLimit;
    connection.calls_[frame->hd.stream_id] = std::move(call);
    ++connection.host_->counts.streams;
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    Connection& connection = of(user);
    Connection::Call* call = connection.find(frame->hd.stream_id);
    if (call == nullptr || call->stage != Stage::headers) return 0;
    call->add_header(view(name, name_size), view(value, value_size),
                     connection.host_->options.max_header);
    return 0;
  }

  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Connection& connection = of(user);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Connection::Call* call = connection.find(frame->hd.stream_id);
    if (call == nullptr) return 0;
    const bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (is_last) call->peer_ended = true;
    if (frame->hd.type == NGHTTP2_HEADERS && call->stage == Stage::headers) {
      connection.on_headers(*call);
    }
    if (is_last) connection.on_end(*call);
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                  const std::uint8_t* bytes, std::size_t size, void* user) {
    Connection& connection = of(user);
    if (Connection::Call* call = connection.find(stream)) {
      connection.on_data(*call, view(bytes, size));
    } else {
      nghttp2_session_consume_connection(session, size);
    }
    return 0;
  }

  static int closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    of(user).on_closed(stream);
    return 0;
  }

  // An answer that is complete before the request is: tell the peer to stop sending (RFC 7540
  // §8.1).
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!may_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    const Connection::Call* call = of(user).find(frame->hd.stream_id);
    if (call != nullptr && !call->peer_ended) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  // The body of the answer, to its end.
  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* into,
                           std::size_t room, std::uint32_t* flags, nghttp2_data_source*,
                           void* user) {
    Connection::Call* call = of(user).find(stream);
    if (call == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t size = std::min(room, call->frame.size() - call->sent);
    std::copy_n(call->frame.data() + call->sent, size, into);
    call->sent += size;
    if (call->sent == call->frame.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  // The message, then trailers in the same turn: submitted earlier they would overtake the DATA.
  static ssize_t read_message(nghttp2_session* session, std::int32_t stream, std::uint8_t* into,
                              std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                              void* user) {
    const ssize_t size = read_body(session, stream, into, room, flags, source, user);
    if ((*flags & NGHTTP2_DATA_FLAG_EOF) != 0) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const Connection::Call* call = of(user).find(stream);
      const StatusText status(call->reply);
      Fields trailers;
      status.add_to(trailers);
      if (nghttp2_submit_trailer(session, stream, trailers.data(), trailers.size()) != 0) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      }
    }
    return size;
  }
};

nghttp2_session* make_session(Connection& connection, const ServerOptions& options) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) return nullptr;
  if (nghttp2_option_new(&option) != 0) {
    nghttp2_session_callbacks_del(callbacks);
    return nullptr;
  }
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, &Callbacks::begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::frame_received);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::closed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Callbacks::frame_sent);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_settings(option, kMaxSettings);
  const int made = nghttp2_session_server_new2(&session, callbacks, &connection, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return nullptr;
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(kStreamWindow)},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  return session;
}

void free_session(nghttp2_session* session) {
  nghttp2_session_del(session);
}

bool receive(nghttp2_session* session, std::string_view bytes) {
  return nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                  bytes.size()) >= 0;
}

bool next_output(nghttp2_session* session, std::string& out) {
  const std::uint8_t* bytes = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session, &bytes);
  if (size <= 0) return false;
  out += view(bytes, static_cast<std::size_t>(size));
  return true;
}

bool wants_more(nghttp2_session* session) {
  return nghttp2_session_want_read(session) != 0 || nghttp2_session_want_write(session) != 0;
}

void open_stream_window(nghttp2_session* session, std::int32_t stream, std::size_t bytes) {
  nghttp2_session_consume_stream(session, stream, bytes);
}

void open_connection_window(nghttp2_session* session, std::size_t bytes) {
  nghttp2_session_consume_connection(session, bytes);
}

void submit_message(nghttp2_session* session, std::int32_t stream) {
  Fields fields;
  fields.add(":status", "200");
  fields.add("content-type", "application/grpc");
  fields.add("grpc-accept-encoding", "identity,gzip,zstd");
  nghttp2_data_provider provider{};
  provider.read_callback = &Callbacks::read_message;
  nghttp2_submit_response(session, stream, fields.data(), fields.size(), &provider);
}

void submit_error(nghttp2_session* session, std::int32_t stream, const ServerReply& reply) {
  const StatusText status(reply);
  Fields fields;
  fields.add(":status", "200");
  fields.add("content-type", "application/grpc");
  fields.add("grpc-accept-encoding", "identity,gzip,zstd");
  status.add_to(fields);
  nghttp2_submit_response(session, stream, fields.data(), fields.size(), nullptr);
}

void submit_status(nghttp2_session* session, std::int32_t stream, int status) {
  const std::string code = std::to_string(status);
  Fields fields;
  fields.add(":status", code);
  fields.add("content-type", "text/plain");
  if (status == 405) fields.add("allow", "POST");
  nghttp2_data_provider provider{};
  provider.read_callback = &Callbacks::read_body;
  nghttp2_submit_response(session, stream, fields.data(), fields.size(), &provider);
}

void reset_stream(nghttp2_session* session, std::int32_t stream) {
  nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void submit_goaway_notice(nghttp2_session* session) {
  nghttp2_submit_shutdown_notice(session);
}

void submit_goaway(nghttp2_session* session) {
  nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, nullptr,
                        0);
}

}  // namespace edgehaul::grpc
