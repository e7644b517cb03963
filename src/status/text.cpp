// SPDX-License-Identifier: Apache-2.0
#include "status/text.hpp"

#include <chrono>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <boost/json.hpp>

#include "base/units.hpp"

namespace edgehaul::status {

namespace {

namespace json = boost::json;

// A field of a document that may have been written by another version: absent is empty.
class View {
 public:
  explicit View(const json::value* value) : value_(value) {}

  View operator[](std::string_view key) const {
    const auto* object = value_ == nullptr ? nullptr : value_->if_object();
    return View(object == nullptr ? nullptr : object->if_contains(key));
  }
  std::string_view text() const {
    const auto* string = value_ == nullptr ? nullptr : value_->if_string();
    return string == nullptr ? std::string_view() : std::string_view(*string);
  }
  double number() const {
    boost::system::error_code fault;
    if (value_ == nullptr || !value_->is_number()) return 0;
    const double number = value_->to_number<double>(fault);
    return fault ? 0 : number;
  }
  std::uint64_t count() const {
    const double number = this->number();
    return number < 0 ? 0 : static_cast<std::uint64_t>(number);
  }
  bool is_null() const { return value_ == nullptr || value_->is_null(); }
  bool flag() const { return value_ != nullptr && value_->is_bool() && value_->get_bool(); }
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
  return units::format_duration(
      std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

// "21:07:03" of an RFC 3339 time; "never" without one.
std::string clock_time(View time) {
  const std::string_view text = time.text();
  if (text.size() < 19) return "never";
  return std::string(text.substr(11, 8)) + "Z";
}

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

std::string head(View document, const Painter& paint) {
  const View program = document["program"];
  const std::string_view state = program["state"].text();
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

std::string sampled(View sampler, const Painter& paint) {
  std::string out = fmt::format(
      "\n{}  {} points every {}, the last at {} took {:.1f} ms ({:.1f} ms CPU); {} ticks, {} "
      "skipped\n",
      paint.bold("sampled"), sampler["points"].count(), span(sampler["interval_seconds"].number()),
      clock_time(sampler["last_tick"]), sampler["duration_seconds"].number() * 1e3,
      sampler["cpu_seconds"].number() * 1e3, sampler["ticks"].count(), sampler["skipped"].count());
  std::string absent;
  for (const View source : sampler["sources"].items()) {
    const std::string_view state = source["state"].text();
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

std::string spooled(View spool, const Painter& paint) {
  std::string out = fmt::format(
      "\n{}  {} records ({} items, {}) since {}; {} of {} on disk{}\n", paint.bold("spooled"),
      spool["held"]["records"].count(), spool["held"]["items"].count(),
      units::format_bytes(spool["held"]["bytes"].count()), clock_time(spool["oldest"]),
      units::format_bytes(spool["disk_bytes"].count()),
      units::format_bytes(spool["max_size"].count()), room(spool));
  if (spool["mode"].text() == "memory") {
    out += fmt::format("  {}\n",
                       paint.bad(fmt::format("in memory only: {}", spool["trouble"].text())));
  }
  if (!spool["persistent"].flag()) {
    out += fmt::format("  {}\n", paint.warn(fmt::format("{} does not survive a reboot",
                                                        spool["file_system"].text())));
  }
  std::string lost;
  for (const std::string_view reason : {"size", "age", "corrupt", "memory", "rejected"}) {
    const std::uint64_t count = spool["dropped"][reason].count();
    if (count > 0) lost += fmt::format("{}{} by {}", lost.empty() ? "" : ", ", count, reason);
  }
  if (!lost.empty()) out += fmt::format("  {}\n", paint.bad("records lost: " + lost));
  if (spool["set_aside"].count() > 0) {
    out += fmt::format("  {} rejected records set aside (edgehaul spool ls --rejected)\n",
                       spool["set_aside"].count());
  }
  return out;
}

std::string forwarded(View document, const Painter& paint) {
  const auto destinations = document["destinations"].items();
  if (destinations.empty()) {
    return fmt::format("\n{}  nowhere: no destination is configured, records wait in the spool\n",
                       paint.bold("forwarded"));
  }
  std::string out;
  for (const View to : destinations) {
    const std::string_view state = to["state"].text();
    const bool is_fine = state == "idle" || state == "sending";
    out += fmt::format("\n{}  {} ({} {} {}): {}\n", paint.bold("forwarded"), to["name"].text(),
                       to["protocol"].text(), to["compression"].text(), to["endpoint"].text(),
                       is_fine ? paint.good(state) : paint.bad(state));
    out +=
        fmt::format("  delivered {} records ({} items, {} as {} on the wire), last at {}\n",
                    to["delivered_records"].count(), to["delivered_items"].count(),
                    units::format_bytes(to["delivered_bytes"].count()),
                    units::format_bytes(to["wire_bytes"].count()), clock_time(to["last_success"]));
    out += fmt::format(
        "  waiting {} records since {}; rejected {} records and {} items; {} retries\n",
        to["waiting"]["records"].count(), clock_time(to["oldest_waiting"]),
        to["rejected_records"].count(), to["rejected_items"].count(), to["retries"].count());
    if (!to["last_error"].text().empty()) {
      out += fmt::format("  last error at {}: {}\n", clock_time(to["last_error_time"]),
                         to["last_error"].text());
    }
    if (!to["next_try"].is_null()) {
      out += fmt::format("  next try at {}\n", clock_time(to["next_try"]));
    }
  }
  return out;
}

std::string received(View receive, const Painter& paint) {
  if (receive.is_null()) return "";
  std::string out = "\n" + paint.bold("received") + " ";
  for (const View listener : receive["listeners"].items()) {
    out += fmt::format(" {}{}, {} connections;", listener["name"].text(),
                       listener["tls"].flag() ? " (TLS)" : "", listener["connections"].count());
  }
  out += fmt::format(" {} peers\n", receive["peers"].items().size());
  for (const View peer : receive["peers"].items()) {
    out += fmt::format("  {:<28} last {:<9} {:>8} requests {:>10} items {:>10}",
                       peer["name"].text(), clock_time(peer["last_seen"]), peer["requests"].count(),
                       peer["items"].count(), units::format_bytes(peer["bytes"].count()));
    if (peer["refused"].count() + peer["deferred"].count() > 0) {
      out += fmt::format("  {} refused, {} deferred: {}", peer["refused"].count(),
                         peer["deferred"].count(), peer["last_error"].text());
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string render(const boost::json::value& document, bool with_colour) {
  const Painter paint(with_colour);
  const View view(&document);
  return head(view, paint) + sampled(view["sampler"], paint) + received(view["receive"], paint) +
         spooled(view["spool"], paint) + forwarded(view, paint);
}

}  // namespace edgehaul::status
