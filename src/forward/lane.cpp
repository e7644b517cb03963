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

void Allowance::was_accepted() {
  by_speed_ = doubled(by_speed_);
  if (++accepted_ % kPatience == 0) by_size_ = doubled(by_size_);
}

spool::Wanted next_wanted(std::uint64_t max_bytes, std::optional<spool::Signal> signal,
                          spool::RecordId after) {
  spool::Wanted wanted;
  wanted.order = spool::Order::oldest_first;
  wanted.max_bytes = max_bytes;
  wanted.signal = signal;
  wanted.after = after;
  return wanted;
}

}  // namespace edgehaul::forward
