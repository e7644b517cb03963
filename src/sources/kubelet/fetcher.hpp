// SPDX-License-Identifier: Apache-2.0
// Asks the kubelet on a thread of its own, so that a tick never waits for it: ask() starts one
// request, state() tells what the last one came to. After failures it is asked less often, up to
// once a minute. Owned by the source; all methods are thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/roots.hpp"
#include "http/client.hpp"
#include "sources/kubelet/access.hpp"
#include "sources/kubelet/detect.hpp"
#include "sources/kubelet/options.hpp"
#include "sources/kubelet/summary.hpp"

namespace edgehaul::kubelet {

struct Answer {
  std::uint64_t number = 0;   // 1 for the first
  base::UnixNanos asked = 0;  // when the request was sent
  Summary summary;
};

struct State {
  bool is_first_done = false;            // an attempt has ended
  std::shared_ptr<const Answer> answer;  // the last one that was good; null: none yet
  std::optional<Error> fault;            // of the last attempt
};

class Fetcher {
 public:
  // Begins with a request.
  Fetcher(base::Roots roots, const Options& options, const base::Clock& clock);
  ~Fetcher();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Starts a request unless one is in the works or failures make it wait.
  void ask();
  State state() const;
  // Waits until an attempt has ended, at most `limit`.
  void await_first(std::chrono::milliseconds limit);

 private:
  void run(const std::stop_token& stop);
  Result<Summary> fetch(const std::stop_token& stop);
  Result<http::ClientResponse> exchange(Access access, const std::stop_token& stop);
  Result<http::ClientResponse> perform(http::ClientRequest request, const std::stop_token& stop);
  void settle(Result<Summary> outcome, base::UnixNanos asked);

  const base::Roots roots_;
  const Options options_;
  const base::Clock& clock_;
  http::Client client_;          // its thread's, as the next three are
  Found found_;                  // looked for again after each failure
  std::size_t fingerprint_ = 0;  // of the credentials last used
  std::size_t name_ = 0;         // of Access::names, that which fitted last

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_;
  bool is_asked_ = true;
  std::uint64_t answers_ = 0;
  unsigned failures_ = 0;  // in a row
  base::Steady not_before_{};
  std::jthread thread_;
};

// What an answer other than 200 means and what to do about it.
Error describe_refusal(const http::ClientResponse& response, const Access& access);

}  // namespace edgehaul::kubelet
