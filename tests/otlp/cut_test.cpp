// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <random>

#include <doctest/doctest.h>

#include "otlp/messages.hpp"
#include "otlp/request.hpp"
#include "otlp/wire.hpp"

using namespace edgehaul;
using otlp::Signal;

namespace {

constexpr Signal kParsed[] = {Signal::metrics, Signal::logs, Signal::traces};

std::uint64_t items(Signal signal, const std::string& request) {
  return otlp::inspect(signal, request).value().items;
}

std::string in(std::uint32_t field, const std::string& inside) {
  std::string out;
  otlp::wire::put_bytes(out, field, inside);
  return out;
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("halve: both halves together are the request, item by item") {
  int cut = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string request = test::Maker(seed).request(signal);
      const std::uint64_t all = items(signal, request);
      const auto halves = otlp::halve(signal, request);
      REQUIRE(halves.has_value() == (all >= 2));
      if (!halves) continue;
      ++cut;
      CHECK(halves->first.items == all / 2);
      CHECK(halves->second.items == all - all / 2);
      CHECK(items(signal, halves->first.bytes) == all / 2);
      CHECK(items(signal, halves->second.bytes) == all - all / 2);
      CHECK(test::reference_listing(signal, halves->first.bytes) +
                test::reference_listing(signal, halves->second.bytes) ==
            test::reference_listing(signal, request));
    }
  }
  CHECK(cut > 300);
}

TEST_CASE("slice: slices together are the request, item by item, whatever their number") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string request = test::Maker(seed).request(signal);
      const std::uint64_t all = items(signal, request);
      const std::uint64_t count = 1 + seed % 7;
      std::string listing;
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t low = all * i / count;
        const std::uint64_t high = all * (i + 1) / count;
        if (low == high) continue;
        const std::array ranges{otlp::ItemRange{low, high}};
        const std::string piece = otlp::slice(signal, request, ranges, all);
        CHECK(items(signal, piece) == high - low);
        listing += test::reference_listing(signal, piece);
      }
      CHECK(listing == test::reference_listing(signal, request));
    }
  }
}

TEST_CASE("slice: of many ranges, it and what it leaves out are the request, item by item") {
  std::mt19937 engine(3);
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string request = test::Maker(seed).request(signal);
      const std::uint64_t all = items(signal, request);
      std::array<std::vector<otlp::ItemRange>, 2> sides;
      std::string listing;
      for (std::uint64_t low = 0; low < all;) {
        const std::uint64_t high = std::min(all, low + 1 + engine() % 4);
        const otlp::ItemRange range{low, high};
        sides[engine() % 2].push_back(range);
        listing += test::reference_listing(signal, otlp::slice(signal, request, {&range, 1}, all));
        low = high;
      }
      CHECK(listing == test::reference_listing(signal, request));
      for (const auto& side : sides) {
        std::string one_by_one;
        std::uint64_t count = 0;
        for (const otlp::ItemRange& range : side) {
          const std::string piece = otlp::slice(signal, request, {&range, 1}, all);
          one_by_one += test::reference_listing(signal, piece);
          count += range.high - range.low;
        }
        if (count == 0) continue;
        const std::string together = otlp::slice(signal, request, side, all);
        CHECK(items(signal, together) == count);
        CHECK(test::reference_listing(signal, together) == one_by_one);
      }
    }
  }
}

TEST_CASE("halve: repeated, it comes down to single items") {
  const std::string request = test::Maker(5).request(Signal::metrics);
  std::vector<std::string> pieces{request};
  std::string listing;
  std::size_t singles = 0;
  while (!pieces.empty()) {
    const std::string piece = std::move(pieces.back());
    pieces.pop_back();
    auto halves = otlp::halve(Signal::metrics, piece);
    if (halves) {
      pieces.push_back(std::move(halves->second.bytes));
      pieces.push_back(std::move(halves->first.bytes));
    } else {
      CHECK(halves.error().code == Errc::invalid);
      ++singles;
      listing += test::reference_listing(Signal::metrics, piece);
    }
  }
  CHECK(singles == items(Signal::metrics, request));
  CHECK(listing == test::reference_listing(Signal::metrics, request));
}

TEST_CASE("halve: unknown fields and empty groups stay exactly once, headers stay everywhere") {
  const std::string record = in(3, "severity") + in(90, "unknown-in-record");
  const std::string scope = in(1, in(1, "scope-name")) + in(2, record) + in(2, record) +
                            in(2, record) + in(2, record) + in(91, "unknown-in-scope") +
                            in(3, "schema-of-scope");
  const std::string request = in(1, in(1, "") + in(92, "empty-group")) +
                              in(1, in(2, scope) + in(93, "unknown-in-resource")) +
                              in(94, "unknown-at-top") + in(1, in(3, "trailing-group"));
  const auto halves = otlp::halve(Signal::logs, request);
  REQUIRE(halves);
  for (const char* once : {"empty-group", "unknown-in-scope", "unknown-in-resource",
                           "unknown-at-top", "trailing-group"}) {
    CAPTURE(once);
    CHECK(occurrences(halves->first.bytes, once) + occurrences(halves->second.bytes, once) == 1);
  }
  CHECK(occurrences(halves->first.bytes, "unknown-at-top") == 1);
  for (const std::string* half : {&halves->first.bytes, &halves->second.bytes}) {
    CHECK(occurrences(*half, "unknown-in-record") == 2);
    CHECK(occurrences(*half, "scope-name") == 1);
    CHECK(occurrences(*half, "schema-of-scope") == 1);
  }
}

TEST_CASE("halve: what cannot be cut") {
  CHECK(otlp::halve(Signal::logs, "").error().code == Errc::invalid);
  CHECK(otlp::halve(Signal::logs, in(1, in(2, in(2, "")))).error().code == Errc::invalid);
  const std::string profiles = in(1, in(2, in(2, "") + in(2, "")));
  CHECK(otlp::halve(Signal::profiles, profiles).error().code == Errc::invalid);
  CHECK(otlp::halve(Signal::logs, "\x0A\x05").error().code == Errc::malformed);
}

TEST_CASE("split: pieces fit, keep the order and lose nothing") {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string request = test::Maker(seed).request(signal);
      for (const std::size_t max_bytes : {std::size_t{200}, std::size_t{700}, request.size()}) {
        const auto pieces = otlp::split(signal, request, max_bytes);
        REQUIRE(pieces);
        std::string listing;
        std::size_t bytes = 0;
        for (const otlp::Piece& piece : *pieces) {
          listing += test::reference_listing(signal, piece.bytes);
          CHECK(piece.items == items(signal, piece.bytes));
          bytes += piece.bytes.size();
        }
        CHECK(listing == test::reference_listing(signal, request));
        CHECK(bytes <= 4 * request.size());
        if (request.size() <= max_bytes) CHECK(pieces->size() == 1);
      }
    }
  }
}

TEST_CASE("split: many small items come out below the bound") {
  std::string records;
  for (int i = 0; i < 1000; ++i)
    records += in(2, in(3, "record " + std::to_string(i)));
  const std::string request = in(1, in(1, in(1, in(1, "host.name"))) + in(2, records));
  const auto pieces = otlp::split(Signal::logs, request, 2000);
  REQUIRE(pieces);
  CHECK(pieces->size() >= request.size() / 2000);
  std::uint64_t all = 0;
  for (const otlp::Piece& piece : *pieces) {
    CHECK(piece.bytes.size() <= 2000);
    all += items(Signal::logs, piece.bytes);
  }
  CHECK(all == 1000);
}

TEST_CASE("split: a huge header does not multiply without bound") {
  std::string records;
  for (int i = 0; i < 500; ++i)
    records += in(2, "");
  const std::string attribute = in(1, "key") + in(2, in(1, std::string(100'000, 'x')));
  const std::string request = in(1, in(1, in(1, attribute)) + in(2, records));
  const auto pieces = otlp::split(Signal::logs, request, 1000);
  REQUIRE(pieces);
  std::size_t bytes = 0;
  std::uint64_t all = 0;
  for (const otlp::Piece& piece : *pieces) {
    bytes += piece.bytes.size();
    all += items(Signal::logs, piece.bytes);
  }
  CHECK(bytes <= 4 * request.size());
  CHECK(all == 500);
}

TEST_CASE("split: profiles and malformed requests") {
  const std::string profiles = in(1, in(2, in(2, "") + in(2, "")));
  CHECK(otlp::split(Signal::profiles, profiles, 1).value() ==
        std::vector<otlp::Piece>{{profiles, 2}});
  CHECK(otlp::split(Signal::logs, "\x0A\x05", 1).error().code == Errc::malformed);
}

TEST_CASE("merging by concatenation: counts add up") {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    for (const Signal signal : kParsed) {
      const std::string a = test::Maker(seed).request(signal);
      const std::string b = test::Maker(seed + 1000).request(signal);
      CHECK(items(signal, a + b) == items(signal, a) + items(signal, b));
      CHECK(test::reference_listing(signal, a + b) ==
            test::reference_listing(signal, a) + test::reference_listing(signal, b));
    }
  }
}
