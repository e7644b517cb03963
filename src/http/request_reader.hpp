// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection -> requests, within limits; no socket in sight, so that tests and fuzzing
// feed it literally. Headers by Boost.Beast's parser. Owned by a session; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace edgehaul::http {

class RequestReader {
 public:
  enum class State : std::uint8_t {
    header,  // more bytes are needed for the header
    head,    // the header is complete; call read_body() or give up
    body,    // more bytes are needed for the body
    done,    // take() the request
    failed,  // see fault_status() and fault()
  };

  RequestReader(std::size_t max_header, std::size_t max_body);
  ~RequestReader();

  // Takes what it can use off `input`; the rest must be offered again, with more behind it when the
  // state still wants bytes.
  State feed(std::string_view& input);
  State state() const { return state_; }
  // In State::head, after its owner had a look at request().
  State read_body();

  ServerRequest& request() { return request_; }
  // Bytes of the body that arrived, and whether any are to come.
  std::size_t body_size() const { return request_.body.size(); }
  bool has_body() const { return is_chunked_ || length_ > 0; }

  bool is_head() const { return request_.method == "HEAD"; }
  bool wants_continue() const { return wants_continue_; }
  bool keep_alive() const { return keep_alive_; }

  int fault_status() const { return fault_status_; }
  const std::string& fault() const { return fault_; }

  // For the next request of the connection.
  void reset();

 private:
  struct Parser;

  void feed_header(std::string_view& input);
  void feed_body(std::string_view& input);
  void finish_header();
  bool check_framing();
  bool check_expect();
  void make_room(std::size_t wanted);
  void fail_with(int status, std::string words);

  std::size_t max_header_;
  std::size_t max_body_;
  std::unique_ptr<Parser> parser_;
  State state_ = State::header;
  ServerRequest request_;
  std::size_t header_bytes_ = 0;  // of the header that the parser took so far
  std::uint64_t length_ = 0;
  bool is_chunked_ = false;
  bool is_http10_ = false;
  bool wants_continue_ = false;
  bool keep_alive_ = false;
  int fault_status_ = 0;
  std::string fault_;
};

}  // namespace edgehaul::http
