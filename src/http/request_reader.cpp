// SPDX-License-Identifier: Apache-2.0
#include "http/request_reader.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/text.hpp"
#include "http/chunked.hpp"

namespace edgehaul::http {
namespace {

namespace beast = boost::beast::http;
using Error = beast::error;

constexpr std::size_t kFirstRoom = 64 * 1024;

struct Fault {
  int status;
  std::string_view words;
};

Fault header_fault(const boost::system::error_code& error) {
  if (error == Error::header_limit) return {431, "the header is too large"};
  if (error == Error::bad_version) return {505, "the version is not HTTP/1.0 or HTTP/1.1"};
  if (error == Error::bad_method) return {400, "the request line is malformed"};
  if (error == Error::bad_target) return {400, "the request target is malformed"};
  if (error == Error::bad_content_length) return {400, "Content-Length is not a length"};
  if (error == Error::multiple_content_length) return {400, "Content-Length occurs twice"};
  if (error == Error::bad_transfer_encoding) return {400, "Transfer-Encoding is malformed"};
  if (error == Error::bad_field) return {400, "a header's name is malformed"};
  if (error == Error::bad_value) return {400, "a header's value is malformed"};
  return {400, "the header is malformed"};
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct RequestReader::Parser {
  beast::request_parser<beast::empty_body> header;
  ChunkedDecoder chunks;
};

RequestReader::RequestReader(std::size_t max_header, std::size_t max_body)
    : max_header_(max_header), max_body_(max_body) {
  reset();
}

RequestReader::~RequestReader() = default;

void RequestReader::reset() {
  parser_.reset();  // made at the first byte, so that idle connections carry none
  state_ = State::header;
  request_ = ServerRequest();
  header_bytes_ = 0;
  length_ = 0;
  is_chunked_ = is_http10_ = wants_continue_ = keep_alive_ = false;
  fault_status_ = 0;
  fault_.clear();
}

RequestReader::State RequestReader::feed(std::string_view& input) {
  if (state_ == State::header && !input.empty()) feed_header(input);
  if (state_ == State::body) feed_body(input);
  return state_;
}

void RequestReader::feed_header(std::string_view& input) {
  if (!parser_) {
    // RFC 9112 section 2.2: an empty line before the request line is to be ignored.
    while (input.starts_with("\r\n"))
      input.remove_prefix(2);
    if (input.empty() || input == "\r") return;
    parser_ = std::make_unique<Parser>();
    parser_->header.header_limit(static_cast<std::uint32_t>(max_header_));
    parser_->header.body_limit(boost::none);  // judged here, with the header at hand
  }
  boost::system::error_code error;
  const std::size_t used =
      parser_->header.put(boost::asio::const_buffer(input.data(), input.size()), error);
  input.remove_prefix(used);
  // Beast holds its limit only where it has to wait for more; a block that comes in one piece
  // passes.
  header_bytes_ += used;
  const bool is_incomplete = error == Error::need_more;
  if (header_bytes_ + (is_incomplete ? input.size() : 0) > max_header_) {
    return fail_with(431, "the header is too large");
  }
  if (is_incomplete) return;
  if (error) {
    const Fault fault = header_fault(error);
    return fail_with(fault.status, std::string(fault.words));
  }
  finish_header();
}

void RequestReader::finish_header() {
  const auto& message = parser_->header.get();
  request_.method = view(message.method_string());
  request_.target = view(message.target());
  for (const auto& field : message) {
    request_.headers.emplace_back(text::lower(view(field.name_string())), view(field.value()));
  }
  is_http10_ = message.version() < 11;
  keep_alive_ = !is_http10_ && message.keep_alive();
  is_chunked_ = parser_->header.chunked();
  length_ = parser_->header.content_length().value_or(0);
  if (check_framing() && check_expect()) state_ = State::head;
}

bool RequestReader::check_framing() {
  const std::string_view coding = header(request_.headers, "transfer-encoding");
  const bool has_host = std::any_of(request_.headers.begin(), request_.headers.end(),
                                    [](const auto& field) { return field.first == "host"; });
  if (!coding.empty() && (is_http10_ || text::lower(coding) != "chunked")) {
    fail_with(is_http10_ ? 400 : 501, "only Transfer-Encoding: chunked is understood");
  } else if (!is_http10_ && !has_host) {
    fail_with(400, "Host is missing");
  } else if (length_ > max_body_) {
    fail_with(
        413, fmt::format("the body has {} bytes, more than the {} taken here", length_, max_body_));
  }
  return state_ != State::failed;
}

bool RequestReader::check_expect() {
  const std::string_view expectation = header(request_.headers, "expect");
  if (expectation.empty() || is_http10_) return true;
  if (text::lower(expectation) != "100-continue") {
    fail_with(417, "only Expect: 100-continue is understood");
    return false;
  }
  wants_continue_ = has_body();
  return true;
}

RequestReader::State RequestReader::read_body() {
  if (state_ == State::head) state_ = has_body() ? State::body : State::done;
  return state_;
}

// Room grows with what arrives, never by what a header claims; in large steps, since pages not yet
// written cost nothing while a copy holds both sizes at once.
void RequestReader::make_room(std::size_t wanted) {
  std::string& body = request_.body;
  if (wanted <= body.capacity()) return;
  const std::size_t most = is_chunked_ ? max_body_ : static_cast<std::size_t>(length_);
  const std::size_t step = std::max(kFirstRoom, 4 * body.capacity());
  body.reserve(std::max(wanted, std::min(most, step)));
}

void RequestReader::feed_body(std::string_view& input) {
  std::string& body = request_.body;
  if (is_chunked_) {
    make_room(std::min(max_body_, body.size() + input.size()));
    const auto state = parser_->chunks.feed(input, body, max_body_);
    if (state == ChunkedDecoder::State::done) state_ = State::done;
    if (state != ChunkedDecoder::State::malformed) return;
    if (!parser_->chunks.is_too_large()) return fail_with(400, "the chunked body is malformed");
    return fail_with(413, fmt::format("the body has more than the {} bytes taken here", max_body_));
  }
  const auto missing = static_cast<std::size_t>(length_ - body.size());
  const std::string_view piece = input.substr(0, missing);
  make_room(body.size() + piece.size());
  body.append(piece);
  input.remove_prefix(piece.size());
  if (body.size() == length_) state_ = State::done;
}

void RequestReader::fail_with(int status, std::string words) {
  state_ = State::failed;
  keep_alive_ = false;
  fault_status_ = status;
  fault_ = std::move(words);
}

}  // namespace edgehaul::http
