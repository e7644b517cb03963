// SPDX-License-Identifier: Apache-2.0
// Requests of an edgehaul that names its records: what a repeat stores, whatever it was cut into.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "otlp/request.hpp"
#include "relay/bench.hpp"
#include "relay/names.hpp"

using namespace edgehaul;
using spool::Slice;
using test::Bench;
using test::logs;

namespace {

const std::string kHead = "1 " + std::string(32, 'a') + " " + std::string(16, 'b') + "@1 ";
constexpr std::string_view kMark = "name-";

std::string slice(const std::string& body, std::uint64_t low, std::uint64_t high,
                  std::uint64_t items) {
  const otlp::ItemRange range{low, high};
  return otlp::slice(otlp::Signal::logs, body, {&range, 1}, items);
}

int send(Bench& bench, const std::string& body, const std::string& names,
         const std::string& path = "/v1/logs") {
  auto post = bench.post(path, body);
  post.headers.emplace_back(std::string(spool::kBatchHeader), kHead + names);
  return bench.send(std::move(post)).status;
}

std::string whole(spool::RecordId id, const std::string& body) {
  return std::to_string(id) + ":" + std::to_string(body.size());
}

std::string piece(spool::RecordId id, std::uint64_t low, std::uint64_t high, std::uint64_t items,
                  const std::string& body) {
  return std::to_string(id) + "/" + std::to_string(low) + "-" + std::to_string(high - 1) + "/" +
         std::to_string(items) + ":" + std::to_string(body.size());
}

// How often each log record's number after `kMark` is stored.
std::map<int, int> numbers(const std::vector<spool::Record>& kept) {
  std::map<int, int> found;
  for (const spool::Record& record : kept) {
    const auto seen = otlp::inspect(otlp::Signal::logs, record.body);
    REQUIRE(seen.has_value());
    CHECK(seen->items == record.items);
    for (std::size_t at = record.body.find(kMark); at != std::string::npos;
         at = record.body.find(kMark, at + 1)) {
      ++found[std::stoi(record.body.substr(at + kMark.size()))];
    }
  }
  return found;
}

void check_each_once(const std::vector<spool::Record>& kept, std::size_t items) {
  const auto found = numbers(kept);
  CHECK(found.size() == items);
  CHECK(std::all_of(found.begin(), found.end(), [](const auto& one) { return one.second == 1; }));
}

}  // namespace

TEST_CASE("names: a record in pieces is stored once, item by item") {
  Bench bench;
  bench.start();
  constexpr int kItems = 100;
  const std::string body = logs(kItems, std::string(kMark));
  std::mt19937 engine(5);
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t low = engine() % kItems;
    const std::uint64_t high = low + 1 + engine() % std::min<std::uint64_t>(30, kItems - low);
    const std::string bytes = slice(body, low, high, kItems);
    CHECK(send(bench, bytes, piece(3, low, high, kItems, bytes)) == 200);
  }
  CHECK(send(bench, body, whole(3, body)) == 200);
  CHECK(send(bench, body, whole(3, body)) == 200);
  check_each_once(bench.kept(), kItems);
  const auto senders = bench.spool->senders();
  REQUIRE(senders.size() == 1);
  CHECK(senders[0].records == 1);
  CHECK(senders[0].missing == 2);  // ids 1 and 2
}

TEST_CASE("names: a piece whose name does not fit it is stored as one without") {
  Bench bench;
  bench.start();
  const std::string body = logs(4, std::string(kMark));
  const std::string half = slice(body, 0, 2, 4);
  int sent = 0;
  for (const std::string& names :
       {piece(3, 0, 3, 4, half), piece(3, 0, 1, 4, half), piece(3, 0, 2, 4, half + "x"),
        piece(3, 2, 2, 4, half), std::string("nonsense")}) {
    CHECK(send(bench, half, names) == 200);
    ++sent;
  }
  CHECK(numbers(bench.kept()).at(0) == sent);
  CHECK(bench.spool->senders().empty());
  // Of a whole one that is said to have other items than it has, nothing is taken for stored.
  CHECK(relay::read_names(otlp::Signal::logs, half, kHead + piece(3, 0, 2, 4, half), "p"));
  CHECK_FALSE(
      relay::read_names(otlp::Signal::profiles, half, kHead + piece(3, 0, 1, 4, half), "p"));
}

TEST_CASE("names: what is cut into records here keeps its names") {
  Bench bench;
  bench.spooling.max_size = 64U << 20;
  bench.start();
  constexpr int kItems = 6'000;
  const std::string large = logs(kItems, std::string(1500, 'x') + std::string(kMark));
  REQUIRE(large.size() > 2 * relay::Intake::kMaxRecord);
  const std::string first = logs(1, "first");
  const std::string empty = test::field(1, "");
  const std::string rest = slice(large, 1, kItems, kItems);
  const std::string names =
      whole(5, first) + " " + whole(6, empty) + " " + piece(7, 1, kItems, kItems, rest);
  for (int i = 0; i < 2; ++i)
    CHECK(send(bench, first + empty + rest, names) == 200);
  CHECK(bench.spool->senders().at(0).records == 2);  // the third lacks its first item
  CHECK(send(bench, large, whole(7, large)) == 200);
  CHECK(bench.spool->senders().at(0).records == 3);
  const auto kept = bench.kept();
  CHECK(kept.size() >= 4);
  check_each_once(kept, kItems);
}

TEST_CASE("names: parts of a request and their names add up to it") {
  std::mt19937 engine(9);
  for (int round = 0; round < 50; ++round) {
    std::string body;
    std::string names;
    for (spool::RecordId id = 1; id <= 1 + engine() % 5; ++id) {
      const int items = static_cast<int>(engine() % 9);
      const std::string one = items == 0 ? test::field(1, "") : logs(items, std::string(kMark));
      body += one;
      names += whole(id, one) + " ";
    }
    const auto batch = relay::read_names(otlp::Signal::logs, body, kHead + names, "peer");
    REQUIRE(batch);
    const std::uint64_t all = relay::items_of(*batch);
    const std::uint64_t middle = all / 2;
    if (middle == 0) continue;
    std::map<spool::RecordId, std::uint64_t> items;
    std::string bytes;
    for (const auto& [low, high] : {std::pair{std::uint64_t{0}, middle}, std::pair{middle, all}}) {
      const auto part = relay::part_of(otlp::Signal::logs, body, *batch, low, high);
      bytes += part.bytes;
      CHECK(part.batch->bytes() == part.bytes.size());
      CHECK(relay::items_of(*part.batch) == high - low);
      CHECK(otlp::inspect(otlp::Signal::logs, part.bytes)->items == high - low);
      // It reads as what it says.
      CHECK(
          relay::read_names(otlp::Signal::logs, part.bytes, spool::format_batch(*part.batch), ""));
      for (const Slice& slice : part.batch->runs.at(0).slices) {
        if (slice.is_piece()) CHECK(slice.from == items[slice.id]);
        items[slice.id] += slice.items;
      }
    }
    CHECK(items.size() == batch->runs.at(0).slices.size());
    for (const Slice& slice : batch->runs.at(0).slices)
      CHECK(items[slice.id] == slice.items);
    CHECK(otlp::inspect(otlp::Signal::logs, bytes)->items == all);
  }
}
