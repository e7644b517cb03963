// SPDX-License-Identifier: Apache-2.0
#include "relay/intake.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "otlp/request.hpp"

namespace edgehaul::relay {

namespace {

// Long enough for a disk to draw breath, short enough that senders' queues do not fill.
constexpr std::chrono::seconds kRetryAfter{5};

}  // namespace

void Intake::take(otlp::Signal signal, std::string request, Sender sender, Done done) {
  const auto inspection = otlp::inspect(signal, request);
  const base::UnixNanos now = clock_.wall();
  if (!inspection) {
    peers_.note(sender.name, now, Peers::Event::refused, 0, 0, inspection.error().message);
    return done({Outcome::malformed, inspection.error().message, {}});
  }
  if (inspection->items == 0 && signal != otlp::Signal::profiles) {
    peers_.note(sender.name, now, Peers::Event::taken, 0, sender.wire_bytes);
    return done({});
  }
  spool::NewRecord record;
  record.signal = static_cast<spool::Signal>(signal);
  record.origin = spool::Origin::peer;
  record.time = now;
  record.items = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(inspection->items, std::numeric_limits<std::uint32_t>::max()));
  record.body = std::move(request);
  spool_.append(std::move(record),
                [this, items = inspection->items, now, sender = std::move(sender),
                 done = std::move(done)](const Result<spool::RecordId>& kept) {
                  if (kept) {
                    peers_.note(sender.name, now, Peers::Event::taken, items, sender.wire_bytes);
                    return done({});
                  }
                  peers_.note(sender.name, now, Peers::Event::deferred, 0, 0, kept.error().message);
                  done({Outcome::later, kept.error().message, kRetryAfter});
                });
}

void Intake::refused(const Sender& sender, std::string_view words) {
  peers_.note(sender.name, clock_.wall(), Peers::Event::refused, 0, 0, words);
}

}  // namespace edgehaul::relay
