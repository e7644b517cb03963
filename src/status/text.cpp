// SPDX-License-Identifier: Apache-2.0
#include "status/text.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "base/units.hpp"

namespace edgehaul::status {

namespace {

namespace json = boost::json;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string printable(std::string_view text) {
  std::string out = text::to_utf8(text);
  std::replace_if(out.begin(), out.end(), is_control, '?');
  return out;
}

// A field of a document that may have been written by another version: absent is empty.
class View {
 public:
  explicit View(const json::value* value) : value_(value) {}

  View operator[](std::string_view key) const {
    const auto* object = value_ == nullptr ? nullptr : value_->if_object();
    return View(object == nullptr ? nullptr : object->if_contains(key));
  }
  // Words of kernels and servers come along: what would steer the terminal becomes '?'.
  std::string text() const {
    const auto* string = value_ == nullptr ? nullptr : value_->if_string();
    return string == nullptr ? std::string() : printable(*string);
  }
  double number() const {
    boost::system::error_code fault;
    if (value_ == nullptr || !value_->is_number()) return 0;
    const double number = value_->to_number<double>(fault);
    return fault ? 0 : number;
  }
  std::uint64_t count() const {
    const double number = this->number();
    return number >= 0 && number < 1.8e19 ? static_cast<std::uint64_t>(number) : 0;
  }
  bool is_null() const { return value_ == nullptr || value_->is_null(); }
  bool flag() const { return value_ != nullptr && value_->is_bool() && value_->get_bool(); }
  std::vector<std::pair<std::string, View>> members() const {
    std::vector<std::pair<std::string, View>> out;
    const auto* object = value_ == nullptr ? nullptr : value_->if_object();
    if (object == nullptr) return out;
    for (const auto& member : *object)
      out.emplace_back(printable(member.key()), View(&member.value()));
    return out;
  }
  std::vector<View> items() const {
    std::vector<View> out;
    const auto* array = value_ == nullptr ? nullptr : value_->if_array();
    if (array == nullptr) return out;
    for (const json::value& item : *array)
      out.emplace_back(&item);
    return out;
  }

 private:
  const json::value* value_;
};

std::string span(double seconds) {
  constexpr double kMost = 1e12;  // more than a clock can say
  const double bounded = seconds > -kMost && seconds < kMost ? seconds : 0;
  return units::format_duration(
      std::chrono::milliseconds(static_cast<std::int64_t>(bounded * 1e3)));
}

// Seconds since the epoch of "2026-11-22T23:38:29.123Z".
std::optional<double> parse_time(std::string_view text) {
  std::tm parts{};
  const auto part = [text](std::size_t at, std::size_t size, int& out) {
    return text.size() >= at + size && text::parse_into(text.substr(at, size), out);
  };
  int millis = 0;
  if (!part(0, 4, parts.tm_year) || !part(5, 2, parts.tm_mon) || !part(8, 2, parts.tm_mday) ||
      !part(11, 2, parts.tm_hour) || !part(14, 2, parts.tm_min) || !part(17, 2, parts.tm_sec)) {
    return std::nullopt;
  }
  part(20, 3, millis);
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<double>(::timegm(&parts)) + static_cast<double>(millis) / 1e3;
}

// Times are told from the document's own present: "12s ago", "in 8s".
class Times {
 public:
  explicit Times(View now) : now_(parse_time(now.text())) {}

  std::string operator()(View time) const {
    const auto at = parse_time(time.text());
    if (!at || !now_) return "never";
    const double ahead = *at - *now_;
    if (ahead == 0) return "now";
    if (ahead > 0) return "in " + rounded(ahead);
    return rounded(-ahead) + " ago";
  }

 private:
  static std::string rounded(double seconds) {
    return span(seconds < 10 ? seconds : static_cast<double>(static_cast<std::int64_t>(seconds)));
  }
  std::optional<double> now_;
};

class Painter {
 public:
  explicit Painter(bool with_colour) : with_colour_(with_colour) {}
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }
  std::string warn(std::string_view text) const { return paint("33", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const {
    return with_colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  bool with_colour_;
};

// Attributes of a resource as "name=value …"; those that are no texts are left out.
std::string attributes(View from) {
  std::string out;
  for (const auto& [name, value] : from.members()) {
    const std::string text = value.text();
    if (!text.empty()) out += fmt::format("{}{}={}", out.empty() ? "" : "  ", name, text);
  }
  return out;
}

std::string host(View document, const Painter& paint) {
  const std::string every = attributes(document["identity"]);
  const std::string beside = attributes(document["host_details"]);
  std::string out;
  if (!every.empty()) out += fmt::format("\n{}  {}\n", paint.bold("host"), every);
  if (!beside.empty()) out += fmt::format("  on edgehaul.host.info only: {}\n", beside);
  return out;
}

std::string head(View document, const Painter& paint) {
  const View program = document["program"];
  const std::string state = program["state"].text();
  const View process = document["process"];
  std::string out = fmt::format(
      "edgehaul {} {}: {}, up {}, {} RSS, {:.2f} s CPU\n", program["version"].text(),
      program["mode"].text(), state == "running" ? paint.good(state) : paint.warn(state),
      span(program["uptime_seconds"].number()), units::format_bytes(process["rss_bytes"].count()),
      process["cpu_seconds"].number());
  for (const View trouble : program["troubles"].items()) {
    out += fmt::format("  {} {}\n", paint.bad("!"), trouble.text());
  }
  return out;
}

std::string sampled(View sampler, const Times& when, const Painter& paint) {
  std::string out = fmt::format(
      "\n{}  {} points every {}, the last {} took {:.1f} ms ({:.1f} ms CPU); {} ticks, {} "
      "skipped\n",
      paint.bold("sampled"), sampler["points"].count(), span(sampler["interval_seconds"].number()),
      when(sampler["last_tick"]), sampler["duration_seconds"].number() * 1e3,
      sampler["cpu_seconds"].number() * 1e3, sampler["ticks"].count(), sampler["skipped"].count());
  std::string absent;
  for (const View source : sampler["sources"].items()) {
    const std::string state = source["state"].text();
    if (state == "absent") {
      absent += fmt::format("{}{}", absent.empty() ? "" : ", ", source["name"].text());
      continue;
    }
    out += fmt::format("  {:<12} {:>5} points {:>8.2f} ms", source["name"].text(),
                       source["points"].count(), source["duration_seconds"].number() * 1e3);
    if (state == "failing") {
      out += fmt::format("  {} ({} times)", paint.bad(source["error"].text()),
                         source["failures"].count());
    }
    out += '\n';
  }
  if (!absent.empty()) out += fmt::format("  not on this host: {}\n", absent);
  return out;
}

std::string room(View spool) {
  if (spool["hours_left"].is_null()) return "";
  return fmt::format(", room for {} more at this rate", span(spool["hours_left"].number() * 3600));
}

std::string spooled(View spool, const Times& when, const Painter& paint) {
  std::string out = fmt::format(
      "\n{}  {} records ({} items, {}), the oldest {}\n  {} of {} on disk{}\n",
      paint.bold("spooled"), spool["held"]["records"].count(), spool["held"]["items"].count(),
      units::format_bytes(spool["held"]["bytes"].count()), when(spool["oldest"]),
      units::format_bytes(spool["disk_bytes"].count()),
      units::format_bytes(spool["max_size"].count()), room(spool));
  if (spool["mode"].text() == "memory") {
    out += fmt::format("  {}\n",
                       paint.bad(fmt::format("in memory only: {}", spool["trouble"].text())));
  }
  if (spool["mode"].text() == "durable" && spool["unwritten"].count() > 0) {
    out += fmt::format("  {} of them not on disk yet (spool.loss_window)\n",
                       spool["unwritten"].count());
  }
  if (!spool["persistent"].is_null() && !spool["persistent"].flag()) {
    out += fmt::format("  {}\n", paint.warn(fmt::format("{} does not survive a reboot",
                                                        spool["file_system"].text())));
  }
  std::string lost;
  for (const std::string_view reason :
       {"size", "age", "corrupt", "memory", "rejected", "thinned"}) {
    const std::uint64_t count = spool["dropped"][reason].count();
    if (count > 0) lost += fmt::format("{}{} by {}", lost.empty() ? "" : ", ", count, reason);
  }
  if (!lost.empty()) out += fmt::format("  {}\n", paint.bad("records lost: " + lost));
  // Of interest once there is more than one.
  if (spool["resolutions"].items().size() > 1) {
    for (const View one : spool["resolutions"].items()) {
      out += fmt::format("  a sample every {} from {} to {}\n", span(one["step_seconds"].number()),
                         when(one["from"]), when(one["until"]));
    }
  }
  if (spool["set_aside"].count() > 0) {
    out += fmt::format("  {} rejected records set aside (edgehaul spool ls --rejected)\n",
                       spool["set_aside"].count());
  }
  return out;
}

std::string forwarded(View document, const Times& when, const Painter& paint) {
  const auto destinations = document["destinations"].items();
  if (destinations.empty()) {
    return fmt::format("\n{}  nowhere: no destination is configured, records wait in the spool\n",
                       paint.bold("forwarded"));
  }
  std::string out;
  for (const View to : destinations) {
    const std::string state = to["state"].text();
    const bool is_fine = state == "idle" || state == "sending";
    out += fmt::format("\n{}  {} ({} {} {}): {}\n", paint.bold("forwarded"), to["name"].text(),
                       to["protocol"].text(), to["compression"].text(), to["endpoint"].text(),
                       is_fine ? paint.good(state) : paint.bad(state));
    out += fmt::format("  delivered {} records ({} items, {} as {} on the wire), last {}\n",
                       to["delivered_records"].count(), to["delivered_items"].count(),
                       units::format_bytes(to["delivered_bytes"].count()),
                       units::format_bytes(to["wire_bytes"].count()), when(to["last_success"]));
    out += fmt::format(
        "  waiting {} records, the oldest {}; rejected {} records and {} items; {} retries\n",
        to["waiting"]["records"].count(), when(to["oldest_waiting"]),
        to["rejected_records"].count(), to["rejected_items"].count(), to["retries"].count());
    if (to["behind"].flag()) {
      out += "  fresh samples go first, the backlog behind them";
      out += to["backlog_next"].is_null()
                 ? "\n"
                 : fmt::format("; it goes on {}\n", when(to["backlog_next"]));
    }
    const std::uint64_t too_old = to["too_old_kept"].count() + to["too_old_dropped"].count();
    if (too_old > 0) {
      out += fmt::format("  withheld {} records past max_age, {} of them set aside\n", too_old,
                         to["too_old_kept"].count());
    }
    if (!to["last_error"].text().empty()) {
      out += fmt::format("  last error {}: {}\n", when(to["last_error_time"]),
                         to["last_error"].text());
    }
    if (!to["next_try"].is_null()) {
      out += fmt::format("  next try {}\n", when(to["next_try"]));
    }
  }
  return out;
}

// Peers are counted since the start; when they were last seen, and senders' rows, are kept in the
// spool.
std::string received(View receive, View started, const Times& when, const Painter& paint) {
  if (receive.is_null()) return "";
  std::string out = "\n" + paint.bold("received") + " ";
  for (const View listener : receive["listeners"].items()) {
    out += fmt::format(" {}{}, {} connections;", listener["name"].text(),
                       listener["tls"].flag() ? " (TLS)" : "", listener["connections"].count());
  }
  const auto peers = receive["peers"].items();
  out += fmt::format(" {} peers{}; counted since the start {}\n", peers.size(),
                     peers.empty() ? "" : ", the silent first", when(started));
  for (const View peer : peers) {
    out += fmt::format("  {:<28} last {:<12} {:>8} requests {:>10} items {:>10}",
                       peer["name"].text(), when(peer["last_seen"]), peer["requests"].count(),
                       peer["items"].count(), units::format_bytes(peer["bytes"].count()));
    if (peer["refused"].count() + peer["deferred"].count() > 0) {
      out += fmt::format("  {} refused, {} deferred: {}", peer["refused"].count(),
                         peer["deferred"].count(), peer["last_error"].text());
    }
    out += '\n';
  }
  for (const View sender : receive["senders"].items()) {
    out += fmt::format("  {}: last {}; {} missing, {} duplicates dropped since {}{}\n",
                       sender["peer"].text(), when(sender["last"]), sender["missing"].count(),
                       sender["repeats"].count(), sender["since"].text().substr(0, 10),
                       sender["cloned"].flag()
                           ? "; " + paint.warn("several machines run from one image of it")
                           : "");
  }
  return out;
}

}  // namespace

std::string render(const boost::json::value& document, bool with_colour) {
  const Painter paint(with_colour);
  const View view(&document);
  const Times when(view["now"]);
  return head(view, paint) + host(view, paint) + sampled(view["sampler"], when, paint) +
         received(view["receive"], view["program"]["started"], when, paint) +
         spooled(view["spool"], when, paint) + forwarded(view, when, paint);
}

}  // namespace edgehaul::status
