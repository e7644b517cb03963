// SPDX-License-Identifier: Apache-2.0
#include "forward/loop.hpp"

#include <malloc.h>

#include <algorithm>
#include <utility>

namespace edgehaul::forward {

namespace {

using base::Steady;
using std::chrono::milliseconds;

// With nothing to do at all; wake-ups cost more than they could find.
constexpr milliseconds kLongestSleep = std::chrono::hours(1);
constexpr std::uint64_t kWorthTrimming = 1ULL << 20;
// A relay that is done with each request before the next one comes would have its pages taken and
// cleared anew all the time.
constexpr std::chrono::seconds kTrimPause{10};

}  // namespace

Loop::Loop(Options options, Surroundings around, const LogSink& sink)
    : around_(std::move(around)), sink_(sink), stop_grace_(options.stop_grace) {
  for (std::size_t i = 0; i < options.destinations.size(); ++i) {
    senders_.push_back(
        std::make_unique<Sender>(i, std::move(options.destinations[i]), around_, sink));
  }
}

void Loop::run() {
  for (;;) {
    const milliseconds limit = turn();
    if (is_finished_) return;
    around_.transport.run(limit);
  }
}

milliseconds Loop::turn() {
  take_requests(around_.clock.steady());
  std::optional<Steady> due = step_all();
  if (const auto next = trim()) due = due ? std::min(*due, *next) : *next;
  if (stop_at_) {
    const bool is_quiet = std::all_of(senders_.begin(), senders_.end(),
                                      [](const auto& sender) { return sender->is_stopped(); });
    if (is_quiet || around_.clock.steady() >= *stop_at_) finish();
    if (is_finished_) return milliseconds(0);
    due = due ? std::min(*due, *stop_at_) : *stop_at_;
  }
  // Whoever brings records sets has_news_, then looks at is_hungry_; here it is the other way
  // round, so one of both sees the other.
  is_hungry_ = std::any_of(senders_.begin(), senders_.end(),
                           [](const auto& sender) { return sender->wants_records(); });
  if (is_hungry_ && has_news_) return milliseconds(0);
  if (!due) return kLongestSleep;
  const auto wait = std::chrono::ceil<milliseconds>(*due - around_.clock.steady());
  return std::clamp(wait, milliseconds(0), kLongestSleep);
}

void Loop::take_requests(Steady now) {
  if (has_options_.exchange(false)) {
    std::optional<Options> options;
    {
      const std::lock_guard lock(mutex_);
      options = std::exchange(next_options_, std::nullopt);
    }
    if (options) apply(std::move(*options));
  }
  if (should_stop_ && !stop_at_) {
    stop_at_ = now + stop_grace_;
    for (const auto& sender : senders_)
      sender->begin_stop();
  }
}

void Loop::apply(Options options) {
  const bool is_same = options.destinations.size() == senders_.size() &&
                       std::equal(senders_.begin(), senders_.end(), options.destinations.begin(),
                                  [](const auto& sender, const Destination& destination) {
                                    return sender->stats().name == destination.name;
                                  });
  if (!is_same) {
    sink_(log::Level::error, "the list of destinations changed: it takes effect at a restart");
    return;
  }
  stop_grace_ = options.stop_grace;
  around_.transport.forget_connections();
  for (std::size_t i = 0; i < senders_.size(); ++i)
    senders_[i]->reconfigure(std::move(options.destinations[i]));
}

std::optional<Steady> Loop::step_all() {
  if (has_news_.exchange(false)) {
    for (const auto& sender : senders_)
      sender->records_came();
  }
  std::optional<Steady> due;
  for (const auto& sender : senders_) {
    const auto next = sender->step();
    if (next && (!due || *next < *due)) due = next;
  }
  return due;
}

void Loop::finish() {
  for (const auto& sender : senders_)
    sender->abandon();
  is_finished_ = true;
}

// glibc keeps the pages of a burst for itself. When to come back, if it is too early.
std::optional<Steady> Loop::trim() {
  bool is_busy = false;
  for (const auto& sender : senders_) {
    moved_bytes_ += sender->take_moved_bytes();
    is_busy = is_busy || sender->has_job();
  }
  if (is_busy || moved_bytes_ < kWorthTrimming) return std::nullopt;
  const Steady now = around_.clock.steady();
  if (now < next_trim_) return next_trim_;
  moved_bytes_ = 0;
  next_trim_ = now + kTrimPause;
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  return std::nullopt;
}

void Loop::notify() {
  has_news_ = true;
  if (is_hungry_) around_.transport.wakeup();
}

void Loop::request_stop() {
  should_stop_ = true;
  around_.transport.wakeup();
}

void Loop::reconfigure(Options options) {
  {
    const std::lock_guard lock(mutex_);
    next_options_ = std::move(options);
  }
  has_options_ = true;
  around_.transport.wakeup();
}

std::vector<DestinationStats> Loop::stats() const {
  std::vector<DestinationStats> out;
  out.reserve(senders_.size());
  for (const auto& sender : senders_)
    out.push_back(sender->stats());
  return out;
}

}  // namespace edgehaul::forward
