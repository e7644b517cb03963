// SPDX-License-Identifier: Apache-2.0
#include "forward/sender.hpp"

#include <algorithm>
#include <utility>

#include "forward/compose.hpp"

namespace edgehaul::forward {

namespace {

using base::Steady;
using std::chrono::milliseconds;

constexpr milliseconds kSpoolPause{5'000};  // before asking a spool in trouble again

}  // namespace

Sender::Sender(std::size_t index, Destination destination, Surroundings around, LogSink sink)
    : index_(index),
      destination_(std::move(destination)),
      around_(std::move(around)),
      notices_(destination_.name, std::move(sink)),
      ledger_(destination_),
      allowance_(destination_.max_request) {}

std::optional<Steady> Sender::step() {
  for (;;) {
    if (is_sending_ || is_stopped_) return std::nullopt;
    const Steady now = around_.clock.steady();
    if (now < pause_until_) return pause_until_;
    if (!pay_owed()) continue;
    if (whole_.is_shut(now)) return whole_.until;
    if (!job_ && !take_job(now)) {
      if (now < pause_until_) continue;
      return rest(now);
    }
    keep_company();
    if (job_) send();
  }
}

bool Sender::pay_owed() {
  for (Settlement& settlement : std::exchange(owed_, {}))
    settle(std::move(settlement));
  if (owed_.empty()) return true;
  pause_until_ = around_.clock.steady() + kSpoolPause;
  return false;
}

// Nothing to send: until records come, a refused signal is due or the backlog may go on.
std::optional<Steady> Sender::rest(Steady now) {
  if (is_stopping_) is_stopped_ = true;
  publish();
  const Steady due = std::min(signal_due(now), backlog_due(now));
  return due == Steady::max() ? std::nullopt : std::optional(due);
}

void Sender::send() {
  const otlp::Signal signal = job_->signal();
  std::string_view body = job_->body();
  codec::Coding coding = job_->coding();
  std::string room;
  if (coding != destination_.compression) {  // another since the lease, where it is not plain
    auto plain = job_->plain_body(room);
    if (!plain) return conclude(judge_failure(plain.error()));
    body = *plain;
    coding = codec::Coding::identity;
  }
  body_bytes_ = job_->size();
  moved_bytes_ += body_bytes_;
  wire_bytes_ = 0;
  auto request = compose(destination_, signal, body, coding);
  if (!request) return conclude(judge_failure(request.error()));
  std::string names = spool::format_batch(around_.lineage.name(job_->slices()));
  if (!names.empty()) request->headers.emplace_back(spool::kBatchHeader, std::move(names));
  wire_bytes_ = request->body.size();
  sent_at_ = around_.clock.steady();
  sent_as_ = destination_.protocol;
  is_sending_ = true;
  ledger_.sent();
  publish();
  transfer_ = around_.transport.start(
      std::move(*request),
      [self = std::weak_ptr<Sender*>(self_)](Result<http::ClientResponse> result) {
        if (const auto sender = self.lock()) (*sender)->on_answer(std::move(result));
      });
}

void Sender::on_answer(Result<http::ClientResponse> result) {
  if (!is_sending_) return;
  is_sending_ = false;
  if (!result && result.error().code == Errc::cancelled) return;
  conclude(judge(result));
}

void Sender::reconfigure(Destination destination) {
  destination_ = std::move(destination);
  allowance_ = Allowance(destination_.max_request);
  ledger_.describe(destination_);
  notices_.forget();
  whole_.until = Steady{};
  for (Gate& gate : signal_gates_)
    gate.until = Steady{};
  pause_until_ = backlog_at_ = Steady{};
  is_empty_ = false;
  // Sized for the old limits.
  if (job_ && !is_sending_ && job_->is_untouched()) release();
  publish();
}

void Sender::begin_stop() {
  is_stopping_ = true;
  is_empty_ = false;
  pause_until_ = Steady{};
  if (!whole_.is_shut(around_.clock.steady())) return;
  if (whole_.is_held || whole_.is_hinted) {
    is_stopped_ = true;
  } else {
    whole_.until = Steady{};
  }
}

void Sender::abandon() {
  if (std::exchange(is_sending_, false)) around_.transport.cancel(transfer_);
  if (job_) release();
  pay_owed();
  is_stopped_ = true;
  publish();
}

std::uint64_t Sender::take_moved_bytes() {
  return std::exchange(moved_bytes_, 0);
}

// When the first of the refused signals is tried again; max() when there is none.
Steady Sender::signal_due(Steady now) const {
  Steady due = Steady::max();
  for (const Gate& gate : signal_gates_) {
    if (gate.is_shut(now)) due = std::min(due, gate.until);
  }
  return due;
}

bool Sender::has_signal_trouble() const {
  return std::any_of(signal_gates_.begin(), signal_gates_.end(),
                     [](const Gate& gate) { return gate.failures > 0; });
}

void Sender::publish() {
  const Steady now = around_.clock.steady();
  State state = job_ || is_sending_ ? State::sending : State::idle;
  if (whole_.failures > 0) state = State::backing_off;
  if ((whole_.failures > 0 && whole_.is_held) || has_signal_trouble()) state = State::held;
  const Steady next = whole_.is_shut(now) ? whole_.until : signal_due(now);
  const base::UnixNanos wall =
      next == Steady::max() ? 0
                            : around_.clock.wall() + std::chrono::nanoseconds(next - now).count();
  const Steady backlog = backlog_due(now);
  ledger_.now_is(state, wall);
  ledger_.lanes_are(is_behind(),
                    backlog == Steady::max() || backlog <= now
                        ? 0
                        : around_.clock.wall() + std::chrono::nanoseconds(backlog - now).count());
}

}  // namespace edgehaul::forward
