// SPDX-License-Identifier: Apache-2.0
// The log lines of one destination: one per state change, repeats only counted; each distinct
// complaint of the server once. Owned by a Sender; forward thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "forward/verdict.hpp"
#include "spool/spool.hpp"

namespace edgehaul::forward {

// Where lines go; log::write_line under the component "forward" outside tests.
using LogSink = std::function<void(log::Level, const std::string&)>;
LogSink journal();

class Notices {
 public:
  Notices(std::string destination, LogSink sink)
      : destination_(std::move(destination)), sink_(std::move(sink)) {}

  // "central: POST https://gw:4318/v1/metrics: 503 …; retrying in 8s (412 records, 3.1 MiB
  // waiting)"
  void trouble(std::string_view target, const Verdict& verdict, std::chrono::milliseconds delay,
               const spool::Amount& waiting);
  // "central: delivering again after 5m 3s (17 failed tries; 412 records, 3.1 MiB waiting)"
  void recovered(std::chrono::milliseconds outage, unsigned tries, const spool::Amount& waiting);
  void partial(otlp::Signal signal, const otlp::PartialSuccess& partial);
  void odd_answer(std::string_view target);
  void set_aside(std::string_view words, std::uint64_t records, std::uint64_t first_id);
  void withheld(spool::Signal signal, std::uint64_t records, bool is_kept);  // once a signal
  void too_large(std::string_view words, std::uint64_t bytes, std::uint64_t now_bytes);
  void spool_trouble(std::string_view what, const Error& error);
  void forget() { said_.clear(); }  // after a reload all may be said anew

  static constexpr std::size_t kMaxSaid = 32;  // distinct complaints; later ones are only counted

 private:
  void say(log::Level level, const std::string& line) { sink_(level, destination_ + ": " + line); }
  bool is_new(std::string_view kind, std::string_view words);

  std::string destination_;
  LogSink sink_;
  std::set<std::string> said_;
};

}  // namespace edgehaul::forward
