// SPDX-License-Identifier: Apache-2.0
// What a sender takes out of the spool next: lanes, the backlog's pace, records past their age.
#include "forward/sender.hpp"

#include <algorithm>
#include <utility>

namespace edgehaul::forward {

namespace {

using base::Steady;

constexpr std::chrono::seconds kSpoolPause{5};  // before asking a spool in trouble again
// A record of so many bytes goes by itself as it lies in the spool, where that is what the
// destination takes: packing it anew with others costs more than the request.
constexpr std::uint32_t kWorthARequest = 128 * 1024;
constexpr std::array kSignals{spool::Signal::metrics, spool::Signal::logs, spool::Signal::traces,
                              spool::Signal::profiles};

spool::RecordId highest(const std::vector<spool::Record>& records) {
  spool::RecordId highest = 0;
  for (const spool::Record& record : records)
    highest = std::max(highest, record.id);
  return highest;
}

}  // namespace

bool Sender::take_job(Steady now) {
  if (has_signal_trouble()) return take_of_signals(now);
  if (is_empty_ && backlog_due(now) > now) return false;
  if (take(std::nullopt, whole_.failures > 0)) return true;
  is_empty_ = now >= pause_until_;  // a spool in trouble said nothing
  return false;
}

// A signal that the destination refuses must not stand in the way of the others: each is asked for
// by itself, in turn.
bool Sender::take_of_signals(Steady now) {
  for (std::size_t tried = 0; tried < kSignals.size(); ++tried) {
    const spool::Signal signal = kSignals[next_signal_++ % kSignals.size()];
    Gate& gate = signal_gates_[static_cast<std::size_t>(signal)];
    const bool is_known_empty = is_empty_ && backlog_due(now) > now;
    if (gate.is_shut(now) || (gate.failures == 0 && is_known_empty)) continue;
    if (take(signal, whole_.failures > 0 || gate.failures > 0)) return true;
    if (now < pause_until_) return false;
    if (!lanes(signal).is_behind()) gate = Gate{};  // nothing of it is left
  }
  is_empty_ = true;
  return false;
}

bool Sender::take(std::optional<spool::Signal> signal, bool is_failing) {
  Lanes& lanes = this->lanes(signal);
  for (std::optional<Lane> lane = lanes.first(); lane;) {
    if (*lane == Lane::backlog || *lane == Lane::all) {
      const bool is_open = *lane == Lane::all || !backlog_pause(around_.clock.steady());
      is_backlog_waiting_ = !is_open;
      if (!is_open) return false;
    }
    spool::Wanted wanted = lanes.wanted(*lane, request_bytes(*lane, is_failing), signal);
    wanted.coding = destination_.compression;
    wanted.coded_from = kWorthARequest;
    auto records = lease(wanted);
    if (!records) return false;
    if (records->empty()) {
      lane = lanes.was_empty(*lane);
      continue;
    }
    const bool has_more = around_.queue.waiting(index_).records > records->size();
    lanes.took(*lane, highest(*records), has_more);
    withhold(*records);
    if (records->empty()) {
      lane = lanes.first();
      continue;
    }
    is_backlog_ = *lane == Lane::backlog;
    // Asking again after the answer would cost as much as the lease; what comes is told.
    is_empty_ = *lane == Lane::all && !has_more && !signal;
    job_.emplace(std::move(*records), allowance_.bytes());
    return true;
  }
  return false;
}

std::optional<std::vector<spool::Record>> Sender::lease(const spool::Wanted& wanted) {
  auto records = around_.queue.lease(index_, wanted);
  if (records) return std::move(*records);
  notices_.spool_trouble("lease", records.error());
  pause_until_ = around_.clock.steady() + kSpoolPause;
  return std::nullopt;
}

Lanes& Sender::lanes(std::optional<spool::Signal> signal) {
  return lanes_[signal ? static_cast<std::size_t>(*signal) : 0];
}

bool Sender::is_behind() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const Lanes& lanes) { return lanes.is_behind(); });
}

void Sender::fall_behind() {
  for (Lanes& lanes : lanes_)
    lanes.fall_behind();
}

std::uint64_t Sender::request_bytes(Lane lane, bool is_failing) const {
  std::uint64_t bytes = lane == Lane::backlog ? allowance_.backlog_bytes() : allowance_.bytes();
  if (is_failing) bytes = std::min(bytes, kProbeBytes);
  const std::uint64_t rate = destination_.backlog_max_rate;
  if (lane == Lane::backlog && rate > 0) {
    // Keeps the pauses between paced requests near ten seconds, at a compression of four.
    bytes = std::min(bytes, std::max(kProbeBytes, std::min(rate, bytes) * 40));
  }
  return bytes;
}

// How long the backlog has to wait; nullopt: it may go now.
std::optional<std::chrono::nanoseconds> Sender::backlog_pause(Steady now) const {
  std::chrono::nanoseconds pause = backlog_at_ - now;
  if (destination_.backlog_forbid) {
    const auto left = left_of(*destination_.backlog_forbid, around_.clock.wall());
    if (left) pause = std::max<std::chrono::nanoseconds>(pause, *left);
  }
  return pause.count() > 0 ? std::optional(pause) : std::nullopt;
}

// When a backlog that waits may go on; max(): none waits.
Steady Sender::backlog_due(Steady now) const {
  if (!is_backlog_waiting_) return Steady::max();
  return now + backlog_pause(now).value_or(std::chrono::nanoseconds(0));
}

// Only suspects are left: others must be accepted to tell who is at fault.
void Sender::keep_company() {
  if (!job_ || !job_->wants_company()) return;
  if (job_->is_hopeless()) {
    release();
    return;
  }
  auto records = lease(any_wanted(kProbeBytes, std::nullopt));
  if (records && !records->empty()) job_->add(std::move(*records), allowance_.bytes());
}

bool Sender::is_too_old(const spool::Record& record) const {
  const auto most = destination_.max_age[static_cast<std::size_t>(record.signal)];
  return most.count() > 0 &&
         around_.clock.wall() - record.time > std::chrono::nanoseconds(most).count();
}

// Takes out what the destination would refuse, or accept and throw away, for its age.
void Sender::withhold(std::vector<spool::Record>& records) {
  std::vector<spool::RecordId> ids;
  for (const spool::Record& record : records) {
    if (is_too_old(record)) ids.push_back(record.id);
  }
  if (ids.empty()) return;
  const spool::Signal signal = records.front().signal;
  std::erase_if(records, [this](const spool::Record& record) { return is_too_old(record); });
  const bool is_kept = destination_.too_old == TooOld::keep;
  ledger_.withheld(ids.size(), is_kept);
  notices_.withheld(signal, ids.size(), is_kept);
  settle({is_kept ? spool::Outcome::rejected : spool::Outcome::delivered, std::move(ids), 0,
          "older than the destination takes (max_age)"});
}

}  // namespace edgehaul::forward
