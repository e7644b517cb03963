// SPDX-License-Identifier: Apache-2.0
#include "sampler/sampler.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <pthread.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace edgehaul::sampler {

namespace {

constexpr std::string_view kBootKey = "boot";
constexpr std::string_view kSequencesKey = "sequences";
constexpr std::chrono::nanoseconds kStep = std::chrono::seconds(2);

std::chrono::nanoseconds thread_cpu() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

// btime drifts with every correction of the clock, so the first value seen in a boot is kept: start
// timestamps must not move while the counters behind them run on.
base::UnixNanos remembered_boot(spool::Spool& spool, const std::string& boot_id,
                                base::UnixNanos measured) {
  const auto saved = spool.load_value(kBootKey);
  if (saved && saved->has_value()) {
    std::string_view line = **saved;
    const std::string_view id = text::next_field(line);
    const auto time = text::parse_i64(text::trim(line));
    if (id == boot_id && time && *time > 0) return *time;
  }
  if (auto kept = spool.save_value(kBootKey, fmt::format("{} {}", boot_id, measured)); !kept) {
    log::warning("collect", "cannot remember the boot time: {}", kept.error().message);
  }
  return measured;
}

}  // namespace

Sampler::Sampler(Plan plan, const std::string& version, const std::string& boot_id,
                 base::UnixNanos measured_boot, spool::Spool& spool, const base::Clock& clock)
    : tick_(std::move(plan.sources), plan.selection, std::move(plan.host), version),
      renew_host_(std::move(plan.renew_host)),
      spool_(spool),
      clock_(clock),
      boot_(remembered_boot(spool, boot_id, measured_boot)) {
  stats_.interval = plan.interval;
  stats_.last_tick_steady = clock.steady();
  if (const auto saved = spool_.load_value(kSequencesKey); saved && saved->has_value()) {
    tick_.sequences().load(**saved);
  }
}

Sampler::~Sampler() {
  stop();
}

void Sampler::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "collect");
    run(stop);
  });
}

void Sampler::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Sampler::reconfigure(Plan plan) {
  const std::lock_guard lock(mutex_);
  pending_ = std::move(plan);
  wake_.notify_all();
}

Stats Sampler::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Sampler::take_pending_plan(Schedule& schedule) {
  const std::lock_guard lock(mutex_);
  if (!pending_) return;
  stats_.interval = pending_->interval;
  schedule.set_interval(pending_->interval);
  tick_.replace(std::move(pending_->sources), pending_->selection, std::move(pending_->host));
  renew_host_ = std::move(pending_->renew_host);
  pending_.reset();
}

void Sampler::run(const std::stop_token& stop) {
  Schedule schedule(stats().interval);
  while (!stop.stop_requested()) {
    take_pending_plan(schedule);
    const base::UnixNanos now = clock_.wall();
    const Schedule::Decision decision = schedule.next(now, clock_.steady());
    if (decision.is_due) {
      note_clock_step(now);
      one_tick(now, decision.skipped);
      continue;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, decision.wait, [this] { return pending_.has_value(); });
  }
}

void Sampler::note_clock_step(base::UnixNanos now) {
  const std::chrono::nanoseconds offset = std::chrono::nanoseconds(now) - clock_.since_boot();
  const std::chrono::nanoseconds moved = offset - wall_minus_boot_;
  const bool is_first = wall_minus_boot_.count() == 0;
  wall_minus_boot_ = offset;
  if (is_first || std::chrono::abs(moved) < kStep) return;
  log::warning(
      "collect", "the wall clock stepped by {}; sampling goes on with the new time",
      units::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(moved)));
  const std::lock_guard lock(mutex_);
  ++stats_.clock_steps;
}

void Sampler::one_tick(base::UnixNanos now, std::uint64_t skipped) {
  const auto begun = clock_.steady();
  const auto cpu_before = thread_cpu();
  // A start after the point's own time would be refused: only then does the remembered boot give
  // way.
  const base::UnixNanos measured = std::max<base::UnixNanos>(1, now - clock_.since_boot().count());
  if (renew_host_) {
    if (auto host = renew_host_()) tick_.rename(std::move(*host));
  }
  tick_.run(clock_, now, boot_ < now ? boot_ : measured);
  const std::size_t points = tick_.batch().points().size();
  std::string body = tick_.encode();
  if (tick_.sequences_changed()) {
    if (auto kept = spool_.save_value(kSequencesKey, tick_.sequences().save()); !kept) {
      log::debug("collect", "cannot remember counter resets: {}", kept.error().message);
    }
  }
  if (!body.empty()) keep(std::move(body), static_cast<std::uint32_t>(points), now);
  const std::lock_guard lock(mutex_);
  ++stats_.ticks;
  stats_.skipped += skipped;
  stats_.last_tick = now;
  stats_.last_tick_steady = begun;
  stats_.points = points;
  stats_.resets = tick_.sequences().resets();
  stats_.sources = tick_.sources();
  stats_.duration = clock_.steady() - begun;
  stats_.cpu = thread_cpu() - cpu_before;
}

// The spool tells how it fares in its own words; here a refused tick is only counted.
void Sampler::keep(std::string body, std::uint32_t items, base::UnixNanos time) {
  spool::NewRecord record;
  record.signal = spool::Signal::metrics;
  record.origin = spool::Origin::own;
  record.time = time;
  record.items = items;
  record.body = std::move(body);
  spool_.append(std::move(record), [this](const Result<spool::RecordId>& kept) {
    if (kept) return;
    const std::lock_guard lock(mutex_);
    ++stats_.not_kept;
  });
}

}  // namespace edgehaul::sampler
