// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "http/exchange.hpp"

namespace edgehaul::http {

namespace {

struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Multi = std::unique_ptr<CURLM, MultiFree>;

constexpr long kMaxIdleConnections = 16;

Multi make_multi() {
  init_curl();
  Multi multi(curl_multi_init());
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, kMaxIdleConnections);
  return multi;
}

}  // namespace

class Client::Impl {
 public:
  Impl() : multi_(make_multi()), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Impl();

  TransferId start(ClientRequest request, Done done);
  void cancel(TransferId id);
  std::size_t active() const { return transfers_.size(); }
  void run(std::chrono::milliseconds limit);
  void wakeup();
  void forget_connections();

 private:
  struct Transfer {
    Done done;
    std::unique_ptr<Exchange> exchange;
    std::optional<Error> fault;  // set: it never began
  };
  struct Outcome {
    Done done;
    Result<ClientResponse> result;
  };

  bool advance();
  void wait(std::chrono::milliseconds limit);
  void collect_finished(std::vector<Outcome>& outcomes);
  void collect_failed(std::vector<Outcome>& outcomes);
  void refresh();
  Transfer take(TransferId id);

  Multi multi_;
  base::Fd wake_;
  std::map<TransferId, Transfer> transfers_;
  TransferId next_id_ = 1;
  bool is_stale_ = false;  // a new multi handle is due as soon as this one is idle
};

Client::Impl::~Impl() {
  for (const auto& [id, transfer] : transfers_)
    curl_multi_remove_handle(multi_.get(), transfer.exchange->handle());
}

TransferId Client::Impl::start(ClientRequest request, Done done) {
  const TransferId id = next_id_++;
  auto exchange = std::make_unique<Exchange>(id, std::move(request));
  std::optional<Error> fault;
  if (auto ready = exchange->prepare(is_stale_); !ready) {
    fault = ready.error();
  } else if (curl_multi_add_handle(multi_.get(), exchange->handle()) != CURLM_OK) {
    fault = Error(Errc::io, "libcurl: cannot start the exchange");
  }
  transfers_.emplace(id, Transfer{std::move(done), std::move(exchange), std::move(fault)});
  return id;
}

Client::Impl::Transfer Client::Impl::take(TransferId id) {
  auto node = transfers_.extract(id);
  Transfer transfer = std::move(node.mapped());
  if (!transfer.fault) curl_multi_remove_handle(multi_.get(), transfer.exchange->handle());
  return transfer;
}

void Client::Impl::cancel(TransferId id) {
  if (transfers_.find(id) == transfers_.end()) return;
  const Transfer transfer = take(id);
  refresh();
  transfer.done(pass(transfer.exchange->cancel()));
}

void Client::Impl::run(std::chrono::milliseconds limit) {
  if (advance()) return;
  wait(limit);
  advance();
}

bool Client::Impl::advance() {
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  std::vector<Outcome> outcomes;
  collect_finished(outcomes);
  collect_failed(outcomes);
  refresh();
  // Only now: a callback may start and cancel exchanges.
  for (Outcome& outcome : outcomes)
    outcome.done(std::move(outcome.result));
  return !outcomes.empty();
}

void Client::Impl::collect_finished(std::vector<Outcome>& outcomes) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Exchange& exchange = Exchange::of(message->easy_handle);
    auto result = exchange.finish(code);
    outcomes.push_back({take(exchange.id()).done, std::move(result)});
  }
}

void Client::Impl::collect_failed(std::vector<Outcome>& outcomes) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<TransferId> due;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer.fault || transfer.exchange->deadline() <= now) due.push_back(id);
  }
  for (const TransferId id : due) {
    Transfer& entry = transfers_.at(id);
    Error error = entry.fault ? *entry.fault : entry.exchange->expire();
    outcomes.push_back({take(id).done, pass(std::move(error))});
  }
}

void Client::Impl::wait(std::chrono::milliseconds limit) {
  const auto now = std::chrono::steady_clock::now();
  auto until =
      now + std::clamp(limit, std::chrono::milliseconds(0), std::chrono::milliseconds(3'600'000));
  for (const auto& [id, transfer] : transfers_)
    until = std::min(until, transfer.exchange->deadline());
  const auto span = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  curl_waitfd wake{wake_.get(), CURL_WAIT_POLLIN, 0};
  curl_multi_poll(multi_.get(), &wake, 1, static_cast<int>(std::max<std::int64_t>(span, 0)),
                  nullptr);
  std::uint64_t count = 0;
  static_cast<void>(::read(wake_.get(), &count, sizeof count) == sizeof count);
}

void Client::Impl::wakeup() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one) == sizeof one);
}

void Client::Impl::forget_connections() {
  is_stale_ = true;
  refresh();
}

void Client::Impl::refresh() {
  if (!is_stale_ || !transfers_.empty()) return;
  multi_ = make_multi();
  is_stale_ = false;
}

Client::Client() : impl_(std::make_unique<Impl>()) {}
Client::~Client() = default;

TransferId Client::start(ClientRequest request, Done done) {
  return impl_->start(std::move(request), std::move(done));
}
void Client::cancel(TransferId id) {
  impl_->cancel(id);
}
std::size_t Client::active() const {
  return impl_->active();
}
void Client::run(std::chrono::milliseconds limit) {
  impl_->run(limit);
}
void Client::wakeup() {
  impl_->wakeup();
}
void Client::forget_connections() {
  impl_->forget_connections();
}

Result<ClientResponse> Client::perform(ClientRequest request) {
  std::optional<Result<ClientResponse>> outcome;
  const auto limit = request.timeout;
  impl_->start(std::move(request),
               [&outcome](Result<ClientResponse> result) { outcome.emplace(std::move(result)); });
  while (!outcome)
    impl_->run(limit);
  return std::move(*outcome);
}

}  // namespace edgehaul::http
