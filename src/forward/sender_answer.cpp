// SPDX-License-Identifier: Apache-2.0
// What a sender does with an answer.
#include "forward/sender.hpp"

#include <algorithm>
#include <utility>

#include "forward/words.hpp"
#include "grpc/call.hpp"

namespace edgehaul::forward {

namespace {

using base::Steady;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPace = std::chrono::hours(1);
constexpr milliseconds kPaceSlack{2'000};
// Deliveries of one lease are told to the spool together, each being a commit: a crash within this
// time repeats them.
constexpr milliseconds kSettleTogether{1'000};

}  // namespace

Verdict Sender::judge(const Result<http::ClientResponse>& result) const {
  constexpr std::size_t kMaxAnswer = 4 * 1024 * 1024;
  if (!result) return judge_failure(result.error());
  const base::UnixNanos now = around_.clock.wall();
  const otlp::Signal signal = job_->signal();
  if (sent_as_ == Protocol::http) return judge_http(signal, *result, now);
  return judge_grpc(signal, *result, grpc::read_answer(*result, kMaxAnswer), now);
}

void Sender::conclude(Verdict verdict) {
  verdict.words = without_secrets(std::move(verdict.words), destination_);
  verdict.partial.message = without_secrets(std::move(verdict.partial.message), destination_);
  const otlp::Signal signal = job_->signal();
  const bool is_delivered = verdict.kind == Kind::delivered;
  if (is_delivered) note_delivered(verdict);
  learn(verdict);
  const Next next = job_->apply(verdict);
  const bool may_wait = is_delivered && !job_->is_done() && !job_->has_refused() &&
                        around_.clock.steady() - settled_at_ < kSettleTogether;
  const bool has_refused = !may_wait && settle_known();
  if (is_delivered) {
    refused_in_a_row_ = 0;
    recover(whole_);
    recover(signal_gates_[static_cast<std::size_t>(signal)]);
    pace();
  } else {
    ledger_.failed(fmt::format("{}: {}", shown_target(destination_, signal), verdict.words),
                   around_.clock.wall());
    const bool refuses_all = has_refused && refused_in_a_row_ >= kMaxRefusedInARow;
    if (next == Next::wait) ledger_.repeated();
    if (next == Next::wait || refuses_all) {
      shut(verdict, signal);
      is_stopped_ = is_stopping_;
    }
  }
  if (job_ && job_->is_done()) job_.reset();
  publish();
}

void Sender::note_delivered(const Verdict& verdict) {
  ledger_.accepted(body_bytes_, wire_bytes_, around_.clock.wall());
  if (verdict.is_odd) notices_.odd_answer(shown_target(destination_, job_->signal()));
  if (verdict.partial.is_full()) return;
  notices_.partial(job_->signal(), verdict.partial);
  const auto rejected =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, verdict.partial.rejected));
  ledger_.refused_items(std::min(rejected, job_->items()));
}

void Sender::learn(const Verdict& verdict) {
  if (verdict.kind == Kind::delivered) {
    allowance_.was_accepted(body_bytes_, around_.clock.steady() - sent_at_);
  }
  if (verdict.is_slow) allowance_.was_too_slow(body_bytes_);
  if (verdict.kind != Kind::split) return;
  allowance_.was_too_large(body_bytes_);
  notices_.too_large(verdict.words, body_bytes_, allowance_.bytes());
}

void Sender::recover(Gate& gate) {
  if (gate.failures == 0) return;
  const auto outage = std::chrono::duration_cast<milliseconds>(around_.clock.steady() - gate.since);
  notices_.recovered(outage, gate.failures, around_.queue.waiting(index_));
  gate = Gate{};
  is_empty_ = false;
  // A signal's own trouble is over; that of all was noted when it began.
  if (&gate != &whole_) fall_behind();
}

void Sender::shut(const Verdict& verdict, otlp::Signal signal) {
  const bool is_of_signal = verdict.kind == Kind::hold && verdict.is_of_signal;
  Gate& gate = is_of_signal ? signal_gates_[static_cast<std::size_t>(signal)] : whole_;
  const bool is_held = verdict.kind == Kind::hold || verdict.kind == Kind::reject;
  const bool is_news = gate.failures == 0 || gate.is_held != is_held;
  const Steady now = around_.clock.steady();
  if (gate.failures++ == 0) gate.since = now;
  gate.is_held = is_held;
  gate.is_hinted = verdict.hint.has_value();
  const BackoffLimits limits{destination_.backoff_initial, destination_.backoff_max};
  const milliseconds delay =
      backoff_delay(is_held ? slow(limits) : limits, gate.failures, verdict.hint, around_.random());
  gate.until = now + delay;
  fall_behind();
  if (is_news) {
    notices_.trouble(shown_target(destination_, signal), verdict, delay,
                     around_.queue.waiting(index_));
  }
  // What waits long shall not sit in memory, unless it knows what the spool does not.
  if (job_ && (is_of_signal || job_->is_untouched())) release();
}

// Tells the spool what is known; true when a record was set aside.
bool Sender::settle_known() {
  bool has_refused = false;
  settled_at_ = around_.clock.steady();
  for (Settlement& settlement : job_->take_settled()) {
    if (settlement.outcome == spool::Outcome::rejected) {
      has_refused = true;
      refused_in_a_row_ += static_cast<unsigned>(settlement.ids.size());
      ledger_.set_aside(settlement.ids.size());
      notices_.set_aside(settlement.words, settlement.ids.size(), settlement.ids.front());
    } else {
      ledger_.delivered(settlement.ids.size(), settlement.items);
    }
    settle(std::move(settlement));
  }
  return has_refused;
}

void Sender::settle(Settlement settlement) {
  if (settlement.ids.empty()) return;
  const auto done =
      around_.queue.settle(index_, settlement.ids, settlement.outcome, settlement.words);
  if (done) return;
  notices_.spool_trouble("settle", done.error());
  owed_.push_back(std::move(settlement));
}

void Sender::release() {
  settle_known();
  settle({spool::Outcome::returned, job_->open_ids(), 0, {}});
  job_.reset();
  is_empty_ = false;
}

void Sender::pace() {
  if (!is_backlog_ || destination_.backlog_max_rate == 0) return;
  const double seconds =
      static_cast<double>(wire_bytes_) / static_cast<double>(destination_.backlog_max_rate);
  const double bounded = std::min(seconds * 1000, static_cast<double>(kLongestPace.count()));
  // A request that began a little late does not slow the pace down.
  const bool is_in_step = sent_at_ - backlog_at_ <= kPaceSlack;
  backlog_at_ =
      (is_in_step ? backlog_at_ : sent_at_) + milliseconds(static_cast<milliseconds::rep>(bounded));
}

}  // namespace edgehaul::forward
