// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <limits>

#include <doctest/doctest.h>

#include "frame/column.hpp"

using namespace edgehaul::frame;

namespace {

using Values = std::vector<std::uint64_t>;

Values reals(std::initializer_list<double> list) {
  Values values;
  for (const double value : list)
    values.push_back(std::bit_cast<std::uint64_t>(value));
  return values;
}

std::size_t size_of(const Streams& streams) {
  return streams.modes.size() + streams.firsts.size() + streams.steps.size() + streams.bits.size();
}

// Coded and decoded again; the size it takes.
std::size_t there_and_back(const Values& values, bool is_real) {
  Streams streams;
  put_column(values, is_real, streams);
  StreamReaders in{Reader(streams.modes), Reader(streams.firsts), Reader(streams.steps),
                   Reader(streams.bits)};
  Values back(values.size());
  CHECK(take_column(in, is_real, back));
  CHECK(back == values);
  CHECK((in.modes.done() && in.firsts.done() && in.steps.done() && in.bits.done()));
  return size_of(streams);
}

}  // namespace

TEST_CASE("column: what stands still costs its first value") {
  CHECK(there_and_back(Values(1000, 5), false) == 2);
  CHECK(there_and_back(Values(1000, std::bit_cast<std::uint64_t>(0.5)), true) == 2);
}

TEST_CASE("column: steady counters cost a byte each, and less than steps do") {
  Values values;
  for (std::uint64_t i = 0; i < 100; ++i)
    values.push_back(i * 1'000'000);
  CHECK(there_and_back(values, false) < 110);
}

TEST_CASE("column: decimals are integers in disguise") {
  CHECK(there_and_back(reals({0.01, 0.02, 0.04, 12.34, 5, -7.5}), true) < 12);
  CHECK(there_and_back(reals({0.1, 0.3, 0.1 + 0.2}), true) >= 20);
}

TEST_CASE("column: any bits come back") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  there_and_back(reals({nan, 1, inf, -inf, -0.0, 0.0, 5e-324, 1.7976931348623157e308}), true);
  there_and_back(reals({-0.0}), true);
  there_and_back(reals({9007199254740991.0, 9007199254740992.0, 9007199254740994.0}), true);
  there_and_back({0x7FF0000000000001, 0xFFFFFFFFFFFFFFFF, 0, 1}, true);
  there_and_back({0, UINT64_MAX, 1ULL << 63, (1ULL << 63) - 1, 0, 1}, false);
}

TEST_CASE("column: any bits come back as a step from any others") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const Values all = reals({nan, inf, -inf, -0.0, 0.0, 5e-324, 1.7976931348623157e308, 0.1, 12.34,
                            -7.5, 0.1 + 0.2, 9007199254740991.0, 9007199254740994.0});
  Values whole = all;
  whole.insert(whole.end(), {0x7FF0000000000001, UINT64_MAX, 1ULL << 63, 1, 2});
  for (const bool is_real : {true, false}) {
    for (const std::uint64_t known : whole) {
      for (const std::uint64_t value : whole) {
        Streams streams;
        put_step(known, value, is_real, streams);
        StreamReaders in{Reader(streams.modes), Reader(streams.firsts), Reader(streams.steps),
                         Reader(streams.bits)};
        std::uint64_t back = 0;
        CHECK(take_step(in, is_real, known, back));
        CHECK(back == value);
        CHECK((in.modes.done() && in.firsts.done() && in.steps.done() && in.bits.done()));
      }
    }
  }
  Streams near;
  put_step(reals({12.34})[0], reals({12.36})[0], true, near);
  CHECK(size_of(near) == 2);
}

TEST_CASE("column: hostile streams are refused") {
  Values values(3);
  const auto take = [&](std::string_view modes, std::string_view firsts, std::string_view steps,
                        std::string_view bits, bool is_real) {
    StreamReaders in{Reader(modes), Reader(firsts), Reader(steps), Reader(bits)};
    return take_column(in, is_real, values);
  };
  using namespace std::string_view_literals;
  CHECK(take("\1"sv, "\1"sv, "\1\1"sv, "", false));
  CHECK_FALSE(take("", "\1"sv, "\1\1"sv, "", false));
  CHECK_FALSE(take("\1"sv, "", "\1\1"sv, "", false));
  CHECK_FALSE(take("\1"sv, "\1"sv, "\1"sv, "", false));
  CHECK_FALSE(take("\1"sv, "\1"sv, "\1\xff"sv, "", false));
  CHECK_FALSE(take("\1"sv, "\1"sv, "\1\1"sv, "", true));   // an integer's mode for a real
  CHECK_FALSE(take("\5"sv, "\1"sv, "\1\1"sv, "", false));  // and the other way round
  CHECK_FALSE(take("\3"sv, "", "", "\0\0\0"sv, false));
  CHECK_FALSE(take("\3"sv, "", "", "\x54\x54\x54"sv, true));  // nine bytes of eight
  CHECK_FALSE(take("\x2d"sv, "\1"sv, "\1\1"sv, "", true));    // ten decimal places
}
