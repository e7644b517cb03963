// SPDX-License-Identifier: Apache-2.0
#include "forward/notices.hpp"

#include "base/units.hpp"
#include "forward/words.hpp"

namespace edgehaul::forward {

namespace {

std::string shown(const spool::Amount& waiting) {
  return fmt::format("{} record{}, {} waiting", waiting.records, waiting.records == 1 ? "" : "s",
                     units::format_bytes(waiting.bytes));
}

}  // namespace

LogSink journal() {
  return [](log::Level level, const std::string& line) {
    if (log::enabled(level)) log::write_line(level, "forward", line);
  };
}

void Notices::trouble(std::string_view target, const Verdict& verdict,
                      std::chrono::milliseconds delay, const spool::Amount& waiting) {
  const bool is_held = verdict.kind == Kind::hold || verdict.kind == Kind::reject;
  say(is_held ? log::Level::error : log::Level::warning,
      fmt::format("{}: {}; {} in {} ({})", target, verdict.words,
                  is_held ? "the data is kept, trying again" : "retrying",
                  units::format_duration(delay), shown(waiting)));
}

void Notices::recovered(std::chrono::milliseconds outage, unsigned tries,
                        const spool::Amount& waiting) {
  say(log::Level::info,
      fmt::format("delivering again after {} ({} failed {}; {})", units::format_duration(outage),
                  tries, tries == 1 ? "try" : "tries", shown(waiting)));
}

void Notices::partial(otlp::Signal signal, const otlp::PartialSuccess& partial) {
  if (!is_new("partial", partial.message)) return;
  if (partial.rejected > 0) {
    const std::string_view reason = explain_refusal(partial.message);
    say(log::Level::warning,
        fmt::format("the server took a request but refused {} {} of it: {}{}{}", partial.rejected,
                    otlp::item_name(signal), partial.message, reason.empty() ? "" : "; ", reason));
  } else {
    say(log::Level::warning, fmt::format("the server warns: {}", partial.message));
  }
}

void Notices::odd_answer(std::string_view target) {
  if (!is_new("odd", target)) return;
  say(log::Level::warning,
      fmt::format("{}: success with a body that is not OTLP; counted as delivered", target));
}

void Notices::set_aside(std::string_view words, std::uint64_t records, std::uint64_t first_id) {
  if (!is_new("aside", words)) return;
  say(log::Level::error, fmt::format("{} record{} set aside (id {}): {}", records,
                                     records == 1 ? "" : "s", first_id, words));
}

void Notices::too_large(std::string_view words, std::uint64_t bytes, std::uint64_t now_bytes) {
  if (!is_new("large", words)) return;
  say(log::Level::info,
      fmt::format("{} is too much for one request ({}); going on with {}",
                  units::format_bytes(bytes), words, units::format_bytes(now_bytes)));
}

void Notices::withheld(spool::Signal signal, std::uint64_t records, bool is_kept) {
  const auto name = otlp::signal_name(static_cast<otlp::Signal>(signal));
  if (!is_new("old", name)) return;
  say(log::Level::warning,
      fmt::format("{} record{} of {} older than max_age {}; later ones are counted only", records,
                  records == 1 ? "" : "s", name, is_kept ? "set aside" : "dropped"));
}

void Notices::spool_trouble(std::string_view what, const Error& error) {
  if (!is_new("spool", fmt::format("{}: {}", what, error.message))) return;
  say(log::Level::error, fmt::format("spool: {}: {}", what, error.message));
}

bool Notices::is_new(std::string_view kind, std::string_view words) {
  if (said_.size() >= kMaxSaid) return false;
  return said_.insert(fmt::format("{} {}", kind, without_numbers(words))).second;
}

}  // namespace edgehaul::forward
