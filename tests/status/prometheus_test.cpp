// SPDX-License-Identifier: Apache-2.0
#include "status/prometheus.hpp"

#include <map>
#include <optional>
#include <set>

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "status/filled.hpp"

using namespace edgehaul;

namespace {

// The text format 0.0.4, strictly: HELP and TYPE before a family's samples, families in one piece,
// no sample twice. Fills sample -> value; returns the first fault.
class Exposition {
 public:
  std::string parse(std::string_view page) {
    if (!page.ends_with('\n')) return "no newline at the end";
    while (const auto line = text::next_line(page)) {
      const std::string fault = line->starts_with("# ") ? comment(line->substr(2)) : sample(*line);
      if (!fault.empty()) return fault + ": " + std::string(*line);
    }
    return "";
  }
  std::map<std::string, double> samples;

 private:
  static bool is_name(std::string_view name) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !name.empty() && name.find_first_not_of(kLetters) == name.npos &&
           (name[0] < '0' || name[0] > '9');
  }
  std::string comment(std::string_view line) {
    const std::string_view word = text::next_field(line);
    const std::string name(text::next_field(line));
    if (!is_name(name)) return "bad family name";
    if (word == "HELP") return helped_.insert(name).second ? "" : "HELP twice";
    if (word != "TYPE") return "unknown comment";
    if (helped_.count(name) == 0 || !typed_.insert(name).second) return "TYPE out of place";
    family_ = name;
    type_ = text::trim(line);
    return type_ == "gauge" || type_ == "counter" ? "" : "unknown type";
  }
  std::string sample(std::string_view line) {
    const std::size_t name_end = line.find_first_of("{ ");
    if (line.substr(0, name_end) != family_) return "outside its family";
    if ((type_ == "counter") != family_.ends_with("_total")) return "counters end in _total";
    std::size_t end = name_end;
    if (line[end] == '{') {
      const auto close = label_end(line, end + 1);
      if (!close) return "bad label";
      end = *close;
    }
    double value = 0;
    if (line[end] != ' ' || !text::parse_into(line.substr(end + 1), value)) return "bad value";
    return samples.emplace(line.substr(0, end), value).second ? "" : "sample twice";
  }
  // Where `name="value"}` ends.
  static std::optional<std::size_t> label_end(std::string_view line, std::size_t at) {
    const std::size_t equals = line.find("=\"", at);
    if (equals == line.npos || !is_name(line.substr(at, equals - at))) return std::nullopt;
    for (std::size_t i = equals + 2; i + 1 < line.size(); ++i) {
      if (line[i] == '"') return line[i + 1] == '}' ? std::optional(i + 2) : std::nullopt;
      if (line[i] != '\\') continue;
      ++i;
      if (line[i] != '\\' && line[i] != '"' && line[i] != 'n') return std::nullopt;
    }
    return std::nullopt;
  }

  std::string family_;
  std::string type_;
  std::set<std::string> helped_;
  std::set<std::string> typed_;
};

}  // namespace

TEST_CASE("prometheus: a filled snapshot") {
  Exposition page;
  REQUIRE(page.parse(status::to_prometheus(test::filled())) == "");
  const std::pair<const char*, double> expected[] = {
      {"edgehaul_build_info{version=\"0.1.0\"}", 1},
      {"edgehaul_troubles", 3},
      {"edgehaul_ticks_total", 750},
      {"edgehaul_ticks_skipped_total", 2},
      {"edgehaul_tick_duration_seconds", 0.00175},
      {"edgehaul_source_success{source=\"cpu\"}", 1},
      {"edgehaul_source_success{source=\"disk\"}", 0},
      {"edgehaul_source_duration_seconds{source=\"cpu\"}", 0.00025},
      {"edgehaul_source_last_success_timestamp_seconds{source=\"disk\"}", 1'779'999'400},
      {"edgehaul_source_failures_total{source=\"disk\"}", 60},
      {"edgehaul_spool_durable", 1},
      {"edgehaul_spool_records", 1200},
      {"edgehaul_spool_bytes", 3 << 20},
      {"edgehaul_spool_oldest_age_seconds", 10800},
      {"edgehaul_spool_hours_left", 261.5},
      {"edgehaul_spool_dropped_records_total{reason=\"size\"}", 1},
      {"edgehaul_spool_dropped_records_total{reason=\"age\"}", 2},
      {"edgehaul_spool_dropped_records_total{reason=\"corrupt\"}", 3},
      {"edgehaul_spool_dropped_records_total{reason=\"memory\"}", 4},
      {"edgehaul_spool_dropped_records_total{reason=\"rejected\"}", 5},
      {"edgehaul_destination_up{destination=\"central\"}", 0},
      {"edgehaul_destination_delivered_items_total{destination=\"central\"}", 256'000},
      {"edgehaul_destination_retries_total{destination=\"central\"}", 12},
      {"edgehaul_destination_rejected_items_total{destination=\"central\"}", 9},
      {"edgehaul_destination_behind{destination=\"central\"}", 1},
      {"edgehaul_destination_too_old_kept_total{destination=\"central\"}", 5},
      {"edgehaul_destination_too_old_dropped_total{destination=\"central\"}", 6},
      {"edgehaul_destination_lag_seconds{destination=\"central\"}", 10800},
      {"edgehaul_destination_waiting_records{destination=\"central\"}", 1100},
      {"edgehaul_receive_items_total{peer=\"store-17\"}", 3'456'000},
      {"edgehaul_receive_refused_total{peer=\"store-17\"}", 2},
      {"edgehaul_receive_connections{listener=\"grpc 0.0.0.0:4317\"}", 12},
      {"edgehaul_receive_peers_forgotten_total", 4},
      {"edgehaul_process_resident_memory_bytes", 9 << 20},
      {"edgehaul_process_cpu_seconds_total", 12.5},
  };
  for (const auto& [sample, value] : expected) {
    CAPTURE(sample);
    REQUIRE(page.samples.count(sample) == 1);
    CHECK(page.samples[sample] == doctest::Approx(value).epsilon(1e-9));
  }
  // A source that this host does not have neither succeeds nor fails.
  CHECK(page.samples.count("edgehaul_source_success{source=\"mdraid\"}") == 0);
}

TEST_CASE("prometheus: an empty snapshot, and an unknown rate") {
  Exposition page;
  CHECK(page.parse(status::to_prometheus({})) == "");
  CHECK(page.samples.count("edgehaul_spool_hours_left") == 0);
}

TEST_CASE("prometheus: label values are escaped") {
  status::Snapshot snapshot = test::healthy();
  snapshot.destinations[0].name = "a\\b\"c\nd\xff";
  Exposition page;
  CHECK(page.parse(status::to_prometheus(snapshot)) == "");
  CHECK(page.samples.count(
            "edgehaul_destination_up{destination=\"a\\\\b\\\"c\\nd\xef\xbf\xbd\"}") == 1);
}
