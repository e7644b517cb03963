// SPDX-License-Identifier: Apache-2.0
// One request on one easy handle: its options, where its answer gathers, and what it came to. Lives
// in its Client's list at a fixed address, since libcurl points into it.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "base/result.hpp"
#include "http/client.hpp"
#include "http/easy.hpp"
#include "http/failure.hpp"
#include "http/target.hpp"

namespace edgehaul::http {

class Exchange {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Exchange(TransferId id, ClientRequest request);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Checks the request and sets the handle up; Errc::invalid says what is wrong with it.
  Result<void> prepare(bool fresh_connection);

  CURL* handle() const { return easy_.get(); }
  TransferId id() const { return id_; }
  Deadline deadline() const { return deadline_; }
  static Exchange& of(CURL* handle);

  Result<ClientResponse> finish(CURLcode code);
  // The deadline passed: keeps the connection from being used again, since a silent peer would
  // swallow the next request on it as well.
  Error expire();
  Error cancel() const;

 private:
  static std::size_t take_head(char* line, std::size_t unit, std::size_t count, void* self);
  static std::size_t take_body(char* bytes, std::size_t unit, std::size_t count, void* self);
  Result<void> set_url();
  Result<void> set_headers();
  Result<void> set_tls();
  Result<void> set_proxy();
  void set_method();
  void set_version();
  void set_limits(bool fresh_connection);
  Headers read_headers(unsigned origin) const;
  std::string remote() const;
  Circumstances circumstances() const;

  const TransferId id_;
  const ClientRequest request_;
  const Deadline deadline_;
  Target target_;
  std::string proxy_place_;
  List header_lines_;
  List connect_to_;
  std::string body_;
  std::size_t head_bytes_ = 0;
  bool has_head_ = false;  // the blank line after the headers has come
  std::string excess_;     // which bound the answer broke
  std::array<char, CURL_ERROR_SIZE> words_{};
  Easy easy_;  // last: it points at all above
};

}  // namespace edgehaul::http
