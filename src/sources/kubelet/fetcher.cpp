// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/fetcher.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

#include "base/text.hpp"

namespace edgehaul::kubelet {

namespace {

constexpr unsigned kMostDoublings = 7;
constexpr std::chrono::seconds kLongestPause{60};

std::chrono::seconds pause_after(unsigned failures) {
  return std::min(kLongestPause,
                  std::chrono::seconds(1U << std::min(failures, kMostDoublings)) / 2);
}

// Words of a peer, short and on one line.
std::string quoted(std::string_view body) {
  constexpr std::size_t kMost = 200;
  std::string words = text::to_utf8(text::trim(body).substr(0, kMost));
  std::replace_if(
      words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return words;
}

std::string place_of(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

}  // namespace

Error describe_refusal(const http::ClientResponse& response, const Access& access) {
  const std::string place = place_of(access.request.url);
  const std::string words = quoted(response.body);
  const std::string says = words.empty() ? "" : fmt::format("; it says: {}", words);
  if (response.status == 403) {
    return {Errc::refused,
            fmt::format("{} answers 403 to {}: no RBAC rule grants it 'get' on the resource "
                        "nodes/stats; `edgehaul kubelet-rbac` prints the manifest that does{}",
                        place, access.who, says)};
  }
  if (response.status == 401 && access.who == "nobody") {
    return {Errc::refused,
            fmt::format("{} wants credentials (401) and none can be read on this host; put a token "
                        "into {} (`edgehaul kubelet-rbac` tells how){}",
                        place, kTokenFile, says)};
  }
  if (response.status == 401) {
    return {Errc::refused, fmt::format("{} does not accept {} (401): expired, or of another "
                                       "cluster{}",
                                       place, access.who, says)};
  }
  return {response.status >= 500 ? Errc::unavailable : Errc::malformed,
          fmt::format("{} answers {}{}", place, response.status, says)};
}

Fetcher::Fetcher(base::Roots roots, const Options& options, const base::Clock& clock)
    : roots_(std::move(roots)), options_(options), clock_(clock) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "kubelet");
    run(stop);
  });
}

Fetcher::~Fetcher() {
  thread_.request_stop();
  thread_.join();
}

void Fetcher::ask() {
  const std::lock_guard lock(mutex_);
  if (failures_ > 0 && clock_.steady() < not_before_) return;
  is_asked_ = true;
  changed_.notify_all();
}

State Fetcher::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Fetcher::await_first(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return state_.is_first_done; });
}

void Fetcher::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { client_.wakeup(); });
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return is_asked_; })) return;
    }
    const base::UnixNanos asked = clock_.wall();
    settle(fetch(stop), asked);
  }
}

void Fetcher::settle(Result<Summary> outcome, base::UnixNanos asked) {
  std::shared_ptr<const Answer> answer;
  if (outcome)
    answer = std::make_shared<const Answer>(Answer{answers_ + 1, asked, std::move(*outcome)});
  const std::lock_guard lock(mutex_);
  is_asked_ = false;
  state_.is_first_done = true;
  state_.fault.reset();
  if (answer) {
    ++answers_;
    failures_ = 0;
    state_.answer = std::move(answer);
  } else {
    ++failures_;
    not_before_ = clock_.steady() + pause_after(failures_);
    state_.fault = std::move(outcome.error());
  }
  changed_.notify_all();
}

Result<Summary> Fetcher::fetch(const std::stop_token& stop) {
  if (!found_.is_found() || failures_ > 0) found_ = detect(roots_);
  if (!found_.is_found() && options_.enabled == Enabled::automatic)
    return fail(Errc::absent, "no kubelet is found on this host");
  auto access = read_access(options_, found_);
  if (!access) return pass(access.error());
  if (access->fingerprint != fingerprint_) client_.forget_connections();
  fingerprint_ = access->fingerprint;
  const auto response = exchange(*access, stop);
  if (!response) return within("kubelet", response.error());
  if (response->status != 200) return within("kubelet", describe_refusal(*response, *access));
  auto summary = parse_summary(response->body);
  if (!summary)
    return within("kubelet " + place_of(access->request.url) + " /stats/summary", summary.error());
  return summary;
}

// The certificate may carry the node's name or an address: the one that fitted last is tried first.
Result<http::ClientResponse> Fetcher::exchange(Access access, const std::stop_token& stop) {
  std::optional<Error> first;
  for (std::size_t i = 0; i < access.names.size(); ++i) {
    const std::size_t at = (name_ + i) % access.names.size();
    access.request.tls.server_name = access.names[at];
    auto response = perform(access.request, stop);
    if (response) {
      name_ = at;
      return response;
    }
    if (!first) first = response.error();
    if (response.error().code != Errc::io) break;  // not about the certificate
  }
  return pass(std::move(*first));
}

Result<http::ClientResponse> Fetcher::perform(http::ClientRequest request,
                                              const std::stop_token& stop) {
  std::optional<Result<http::ClientResponse>> outcome;
  const auto limit = request.timeout;
  const auto id = client_.start(std::move(request), [&outcome](Result<http::ClientResponse> done) {
    outcome.emplace(std::move(done));
  });
  while (!outcome && !stop.stop_requested())
    client_.run(limit);
  if (!outcome) client_.cancel(id);
  return std::move(*outcome);
}

}  // namespace edgehaul::kubelet
