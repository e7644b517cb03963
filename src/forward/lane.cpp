// SPDX-License-Identifier: Apache-2.0
#include "forward/lane.hpp"

#include <algorithm>

namespace edgehaul::forward {

namespace {

std::uint64_t doubled(std::uint64_t value) {
  return value > UINT64_MAX / 2 ? UINT64_MAX : value * 2;
}

}  // namespace

std::uint64_t Allowance::bytes() const {
  return std::max<std::uint64_t>(1, std::min({configured_, by_size_, by_speed_}));
}

void Allowance::was_too_large(std::uint64_t sent) {
  by_size_ = std::max(kLeast, std::min(bytes(), sent) / 2);
  accepted_ = 0;
}

void Allowance::was_too_slow(std::uint64_t sent) {
  by_speed_ = std::max(kLeast, std::min(bytes(), sent) / 2);
}

void Allowance::was_accepted(std::uint64_t sent, std::chrono::nanoseconds took) {
  by_speed_ = doubled(by_speed_);
  const double fits = static_cast<double>(sent) *
                      (static_cast<double>(std::chrono::nanoseconds(kBacklogTime).count()) /
                       static_cast<double>(std::max<std::int64_t>(took.count(), 1)));
  const double most = static_cast<double>(std::min(doubled(by_pace_), std::uint64_t{1} << 40));
  by_pace_ = std::max(kLeastPace, static_cast<std::uint64_t>(std::min(fits, most)));
  if (++accepted_ % kPatience == 0) by_size_ = doubled(by_size_);
}

spool::Wanted any_wanted(std::uint64_t max_bytes, std::optional<spool::Signal> signal) {
  spool::Wanted wanted;
  wanted.max_bytes = max_bytes;
  wanted.max_records = kMaxRecords;
  wanted.signal = signal;
  return wanted;
}

Lane Lanes::first() const {
  if (state_ == State::level) return Lane::all;
  return state_ == State::away ? Lane::newest : Lane::fresh;
}

void Lanes::took(Lane lane, spool::RecordId last, bool has_more) {
  if (lane == Lane::newest || lane == Lane::fresh) floor_ = std::max(floor_, last);
  if (!has_more) {
    state_ = State::level;
  } else {
    state_ = lane == Lane::all ? State::away : State::behind;
  }
}

std::optional<Lane> Lanes::was_empty(Lane lane) {
  if (lane == Lane::newest || lane == Lane::fresh) {
    state_ = State::behind;
    return Lane::backlog;
  }
  state_ = State::level;
  return std::nullopt;
}

spool::Wanted Lanes::wanted(Lane lane, std::uint64_t max_bytes,
                            std::optional<spool::Signal> signal) const {
  spool::Wanted wanted = any_wanted(max_bytes, signal);
  if (lane != Lane::newest && lane != Lane::fresh) return wanted;
  wanted.order = spool::Order::newest_first;
  wanted.origin = spool::Origin::own;
  if (lane == Lane::newest) wanted.max_records = 1;
  if (lane == Lane::fresh) wanted.after = floor_;
  return wanted;
}

}  // namespace edgehaul::forward
