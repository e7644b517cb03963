// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "otlp/messages.hpp"
#include "otlp/request.hpp"
#include "otlp/wire.hpp"

using namespace edgehaul;
using otlp::Signal;

namespace {

constexpr Signal kParsed[] = {Signal::metrics, Signal::logs, Signal::traces};

std::string bytes_of(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes)
    out += static_cast<char>(byte);
  return out;
}

// One field of length type around `inside`.
std::string in(std::uint32_t field, const std::string& inside) {
  std::string out;
  otlp::wire::put_bytes(out, field, inside);
  return out;
}

// `inside` as a field of the first log record.
std::string in_record(const std::string& inside) {
  return in(1, in(2, in(2, inside)));
}

std::string nested(int levels) {
  std::string value = in(1, "x");
  for (int i = 0; i < levels; ++i)
    value = in(5, in(1, value));  // array_value.values: two messages a level
  return in_record(in(5, value));
}

struct Row {
  const char* name;
  Signal signal;
  std::string bytes;
  std::string message;
};

}  // namespace

TEST_CASE("inspect: every kind of malformed request is refused with its place") {
  const std::string metric_prefix = in(1, "ok");
  const Row rows[] = {
      {"tag cut short", Signal::logs, bytes_of({0x8A}), "request: cut short at byte 0"},
      {"no length", Signal::logs, bytes_of({0x0A}), "request: cut short at byte 0"},
      {"length past the end", Signal::logs, bytes_of({0x0A, 5, 0x12}),
       "request: length past the end at byte 0"},
      {"length past the end, inside", Signal::logs, in(1, bytes_of({0x12, 9})),
       "resource_logs[0]: length past the end at byte 2"},
      {"inner message reaches over its outer one", Signal::logs,
       in(1, in(2, bytes_of({0x12, 3}))) + "abc",
       "resource_logs[0].scope_logs[0]: length past the end at byte 4"},
      {"length of six bytes", Signal::logs, bytes_of({0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0}),
       "request: varint too long at byte 0"},
      {"length of 2^35", Signal::logs, bytes_of({0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}),
       "request: varint too long at byte 0"},
      {"varint of eleven bytes", Signal::logs,
       in_record(bytes_of({0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})),
       "resource_logs[0].scope_logs[0].log_records[0]: varint too long at byte 6"},
      {"varint over 64 bits", Signal::logs,
       in_record(bytes_of({0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2})),
       "resource_logs[0].scope_logs[0].log_records[0]: varint too long at byte 6"},
      {"varint cut short", Signal::logs, in_record(bytes_of({0x10, 0x80})),
       "resource_logs[0].scope_logs[0].log_records[0]: cut short at byte 6"},
      {"fixed64 cut short", Signal::logs, in_record(bytes_of({0x09, 1, 2, 3})),
       "resource_logs[0].scope_logs[0].log_records[0]: cut short at byte 6"},
      {"fixed32 cut short", Signal::logs, in_record(bytes_of({0x45, 1, 2, 3})),
       "resource_logs[0].scope_logs[0].log_records[0]: cut short at byte 6"},
      {"field number 0", Signal::logs, bytes_of({0x02, 0}), "request: not a field tag at byte 0"},
      {"wire type 6", Signal::logs, bytes_of({0x0E}), "request: not a field tag at byte 0"},
      {"group", Signal::logs, bytes_of({0x0B, 0x0C}),
       "request: group fields are not allowed at byte 0"},
      {"unknown group", Signal::logs, in_record(bytes_of({0xFB, 1, 0xFC, 1})),
       "resource_logs[0].scope_logs[0].log_records[0]: group fields are not allowed at byte 6"},
      {"unknown field cut short", Signal::logs, bytes_of({0xFA, 1, 4, 1}),
       "request: length past the end at byte 0"},
      {"request field as varint", Signal::logs, bytes_of({0x08, 1}),
       "resource_logs[0]: wrong wire type"},
      {"string as varint", Signal::logs, in_record(bytes_of({0x18, 1})),
       "resource_logs[0].scope_logs[0].log_records[0].severity_text: wrong wire type"},
      {"time as varint", Signal::logs, in_record(bytes_of({0x08, 1})),
       "resource_logs[0].scope_logs[0].log_records[0].time_unix_nano: wrong wire type"},
      {"singular number packed", Signal::logs, in_record(in(2, bytes_of({1}))),
       "resource_logs[0].scope_logs[0].log_records[0].severity_number: wrong wire type"},
      {"not UTF-8", Signal::logs, in_record(in(3, "a\xC3(")),
       "resource_logs[0].scope_logs[0].log_records[0].severity_text: not UTF-8"},
      {"not UTF-8 after eight bytes", Signal::logs, in_record(in(3, "01234567\x80")),
       "resource_logs[0].scope_logs[0].log_records[0].severity_text: not UTF-8"},
      {"surrogate", Signal::logs, in_record(in(3, "\xED\xA0\x80")),
       "resource_logs[0].scope_logs[0].log_records[0].severity_text: not UTF-8"},
      {"key not UTF-8, third of its list", Signal::logs,
       in_record(in(6, in(1, "a")) + in(6, in(1, "b")) + in(6, in(1, "\xFF"))),
       "resource_logs[0].scope_logs[0].log_records[0].attributes[2].key: not UTF-8"},
      {"metric name, deep", Signal::metrics,
       in(1, in(2, "") + in(2, "") + in(2, in(2, metric_prefix) + in(2, in(1, "\xFF")))),
       "resource_metrics[0].scope_metrics[2].metrics[1].name: not UTF-8"},
      {"packed fixed64 of seven bytes", Signal::metrics,
       in(1, in(2, in(2, in(9, in(1, in(6, "1234567")))))),
       "resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points[0].bucket_counts[0]:"
       " packed values are cut short"},
      {"packed varint cut short", Signal::metrics,
       in(1, in(2, in(2, in(10, in(1, in(8, in(2, bytes_of({1, 0x80})))))))),
       "resource_metrics[0].scope_metrics[0].metrics[0].exponential_histogram.data_points[0]"
       ".positive.bucket_counts[0]: cut short at byte 15"},
      {"two kinds of data", Signal::metrics, in(1, in(2, in(2, in(5, in(1, "")) + in(7, "")))),
       "resource_metrics[0].scope_metrics[0].metrics[0].sum: a second kind of data"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto seen = otlp::inspect(row.signal, row.bytes);
    REQUIRE(!seen);
    CHECK(seen.error().code == Errc::malformed);
    CHECK(seen.error().message == row.message);
  }
}

TEST_CASE("inspect: what is unusual and right is taken") {
  const Row rows[] = {
      {"empty request", Signal::logs, "", "0"},
      {"empty resource", Signal::logs, in(1, ""), "0"},
      {"padded tag and length", Signal::logs, bytes_of({0x8A, 0x00, 0x80, 0x00}), "0"},
      {"empty record", Signal::logs, in_record(""), "1"},
      {"unknown fields of every type", Signal::logs,
       in_record(bytes_of({0xF8, 1, 0x80, 1, 0xF9, 1, 1, 2, 3,    4, 5, 6,
                           7,    8, 0xFD, 1, 1,    2, 3, 4, 0xFA, 1, 1, 0xFF})),
       "1"},
      {"largest field number", Signal::logs, bytes_of({0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 1}), "0"},
      {"bytes need no UTF-8", Signal::logs, in_record(in(5, in(7, "\xFF")) + in(9, "\xFE")), "1"},
      {"unpacked bucket counts", Signal::metrics,
       in(1, in(2, in(2, in(9, in(1, bytes_of({0x31, 1, 0, 0, 0, 0, 0, 0, 0})))))), "1"},
      {"one kind of data in two pieces", Signal::metrics,
       in(1, in(2, in(2, in(5, in(1, "")) + in(5, in(1, ""))))), "2"},
      {"profiles are not looked into", Signal::profiles,
       in(1, in(2, in(2, "\xFF\xFF") + in(2, ""))) + in(2, "\xFF"), "2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto seen = otlp::inspect(row.signal, row.bytes);
    REQUIRE(seen);
    CHECK(std::to_string(seen->items) == row.message);
    if (row.signal != Signal::profiles) {
      CHECK(std::to_string(test::reference_count(row.signal, row.bytes)) == row.message);
    }
  }
}

TEST_CASE("inspect: nesting is taken exactly as deep as protobuf takes it") {
  int deepest = 0;
  for (int levels = 1; levels < 60; ++levels) {
    const std::string request = nested(levels);
    const bool taken = otlp::inspect(Signal::logs, request).has_value();
    CHECK(taken == (test::reference_count(Signal::logs, request) == 1));
    if (taken) deepest = levels;
  }
  CHECK(deepest == 48);
  const auto bomb = otlp::inspect(Signal::logs, nested(20'000));
  REQUIRE(!bomb);
  CHECK(bomb.error().message.ends_with(": nested too deeply"));
  CHECK(bomb.error().message.size() < 4096);
}

TEST_CASE("inspect: counts random requests as the generated classes do") {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string request = test::Maker(seed).request(signal);
      const auto seen = otlp::inspect(signal, request);
      REQUIRE(seen);
      CHECK(static_cast<std::int64_t>(seen->items) == test::reference_count(signal, request));
    }
  }
}

// The other way round is not promised: groups, wrong wire types and second kinds of data are
// refused here and skipped there.
TEST_CASE(
    "inspect: of mutated requests takes none that the generated classes refuse or count "
    "otherwise") {
  std::uint32_t taken = 0;
  std::uint32_t refused = 0;
  for (std::uint32_t seed = 0; seed < 4000; ++seed) {
    test::Maker maker(seed);
    const Signal signal = kParsed[seed % 3];
    std::string request = maker.request(signal);
    if (request.empty()) continue;
    for (std::uint32_t i = 1 + maker.below(3); i > 0; --i) {
      const std::uint32_t at = maker.below(static_cast<std::uint32_t>(request.size()));
      switch (maker.below(4)) {
        case 0:
          request[at] = static_cast<char>(maker.below(256));
          break;
        case 1:
          request[at] = static_cast<char>(request[at] ^ (1 << maker.below(8)));
          break;
        case 2:
          request.erase(at, 1 + maker.below(4));
          break;
        default:
          request.insert(at, 1, static_cast<char>(maker.below(256)));
          break;
      }
      if (request.empty()) break;
    }
    const auto seen = otlp::inspect(signal, request);
    seen ? ++taken : ++refused;
    if (!seen) continue;
    CAPTURE(seed);
    CHECK(test::reference_count(signal, request) == static_cast<std::int64_t>(seen->items));
  }
  CHECK(taken > 300);
  CHECK(refused > 300);
}

TEST_CASE("inspect: every truncation of a request is refused or counted alike") {
  test::Maker maker(11);
  for (const Signal signal : kParsed) {
    std::string request;
    while (request.size() < 400)
      request = maker.request(signal);
    for (std::size_t length = 0; length < request.size(); ++length) {
      const std::string cut = request.substr(0, length);
      const auto seen = otlp::inspect(signal, cut);
      const std::int64_t reference = test::reference_count(signal, cut);
      CHECK((seen ? static_cast<std::int64_t>(seen->items) : -1) == reference);
    }
  }
}
