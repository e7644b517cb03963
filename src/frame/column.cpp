// SPDX-License-Identifier: Apache-2.0
#include "frame/column.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <optional>

namespace edgehaul::frame {

namespace {

// The low two bits of a mode; the others are 1 + the decimal places of scaled reals, or 0.
enum class Course : unsigned char { constant = 0, steps = 1, second_steps = 2, bits = 3 };
constexpr unsigned kCourseMask = 3;
constexpr unsigned kScaleShift = 2;

constexpr std::array<double, 10> kPowers{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr double kExactLimit = 9007199254740992.0;  // 2^53: integers up to here are exact doubles

// The integer that makes this double when it is divided by 10^places, bit for bit.
std::optional<std::uint64_t> scaled(std::uint64_t bits, std::size_t places) {
  const double value = std::bit_cast<double>(bits);
  const double product = value * kPowers[places];
  if (!(std::fabs(product) < kExactLimit)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(std::nearbyint(product));
  if (std::bit_cast<std::uint64_t>(static_cast<double>(whole) / kPowers[places]) != bits) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(whole);
}

std::uint64_t unscaled(std::uint64_t whole, std::size_t places) {
  return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(whole)) /
                                      kPowers[places]);
}

bool scale_all(std::span<const std::uint64_t> values, std::size_t places,
               std::span<std::uint64_t> into) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto whole = scaled(values[i], places);
    if (!whole) return false;
    into[i] = *whole;
  }
  return true;
}

void put_integers(std::span<const std::uint64_t> values, unsigned scale, Streams& out) {
  std::size_t plain = 0;
  std::size_t second = 0;
  std::uint64_t step_before = 0;
  bool is_constant = true;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t step = values[i] - values[i - 1];
    is_constant = is_constant && step == 0;
    plain += varint_size(zigzag(step));
    second += varint_size(zigzag(step - step_before));
    step_before = step;
  }
  const Course course = is_constant       ? Course::constant
                        : plain <= second ? Course::steps
                                          : Course::second_steps;
  out.modes.push_back(static_cast<char>(scale << kScaleShift | static_cast<unsigned>(course)));
  put_varint(out.firsts, zigzag(values[0]));
  if (is_constant) return;
  step_before = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t step = values[i] - values[i - 1];
    put_varint(out.steps, zigzag(course == Course::steps ? step : step - step_before));
    step_before = step;
  }
}

// Difference from the value before: how many of its eight bytes are zero at both ends, the rest.
void put_bits(std::uint64_t before, std::span<const std::uint64_t> values, Streams& out) {
  out.modes.push_back(static_cast<char>(Course::bits));
  for (const std::uint64_t value : values) {
    const std::uint64_t changed = value ^ before;
    before = value;
    const unsigned high = static_cast<unsigned>(std::countl_zero(changed)) / 8;
    const unsigned low = changed == 0 ? 0 : static_cast<unsigned>(std::countr_zero(changed)) / 8;
    out.bits.push_back(static_cast<char>(high << 4U | low));
    for (unsigned i = low; i + high < 8; ++i)
      out.bits.push_back(static_cast<char>(changed >> (8 * i)));
  }
}

bool take_bits(Reader& in, std::uint64_t before, std::span<std::uint64_t> values) {
  for (std::uint64_t& value : values) {
    unsigned char ends = 0;
    if (!in.take_byte(ends)) return false;
    const unsigned high = ends >> 4U;
    const unsigned low = ends & 0xFU;
    if (high + low > 8) return false;
    for (unsigned i = low; i + high < 8; ++i) {
      unsigned char byte = 0;
      if (!in.take_byte(byte)) return false;
      before ^= static_cast<std::uint64_t>(byte) << (8 * i);
    }
    value = before;
  }
  return true;
}

bool take_integers(StreamReaders& in, Course course, std::span<std::uint64_t> values) {
  std::uint64_t coded = 0;
  if (!in.firsts.take_varint(coded)) return false;
  std::uint64_t value = unzigzag(coded);
  std::uint64_t step = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && course != Course::constant) {
      if (!in.steps.take_varint(coded)) return false;
      step = unzigzag(coded) + (course == Course::second_steps ? step : 0);
      value += step;
    }
    values[i] = value;
  }
  return true;
}

}  // namespace

void put_column(std::span<const std::uint64_t> values, bool is_real, Streams& out) {
  if (!is_real) return put_integers(values, 0, out);
  std::uint64_t one = 0;
  std::vector<std::uint64_t> many(values.size() == 1 ? 0 : values.size());
  const std::span<std::uint64_t> whole = many.empty() ? std::span(&one, 1) : std::span(many);
  for (std::size_t places = 0; places < kPowers.size(); ++places) {
    if (!scale_all(values, places, whole)) continue;
    return put_integers(whole, static_cast<unsigned>(places) + 1, out);
  }
  put_bits(0, values, out);
}

bool take_column(StreamReaders& in, bool is_real, std::span<std::uint64_t> values) {
  unsigned char mode = 0;
  if (!in.modes.take_byte(mode)) return false;
  const auto course = static_cast<Course>(mode & kCourseMask);
  const std::size_t scale = mode >> kScaleShift;
  if (course == Course::bits) return is_real && scale == 0 && take_bits(in.bits, 0, values);
  if (is_real != (scale > 0) || scale > kPowers.size()) return false;
  if (!take_integers(in, course, values)) return false;
  if (!is_real) return true;
  for (std::uint64_t& value : values)
    value = unscaled(value, scale - 1);
  return true;
}

void put_step(std::uint64_t known, std::uint64_t value, bool is_real, Streams& out) {
  if (!is_real) return put_varint(out.steps, zigzag(value - known));
  if (known == value) return out.modes.push_back(static_cast<char>(Course::constant));
  for (std::size_t places = 0; places < kPowers.size(); ++places) {
    const auto from = scaled(known, places);
    const auto to = from ? scaled(value, places) : std::nullopt;
    if (!to) continue;
    out.modes.push_back(
        static_cast<char>((places + 1) << kScaleShift | static_cast<unsigned>(Course::steps)));
    return put_varint(out.steps, zigzag(*to - *from));
  }
  put_bits(known, std::span(&value, 1), out);
}

bool take_step(StreamReaders& in, bool is_real, std::uint64_t known, std::uint64_t& value) {
  std::uint64_t coded = 0;
  value = known;
  if (!is_real) {
    if (!in.steps.take_varint(coded)) return false;
    value += unzigzag(coded);
    return true;
  }
  unsigned char mode = 0;
  if (!in.modes.take_byte(mode)) return false;
  const auto course = static_cast<Course>(mode & kCourseMask);
  const std::size_t scale = mode >> kScaleShift;
  if (course == Course::constant) return scale == 0;
  if (course == Course::bits) {
    return scale == 0 && take_bits(in.bits, known, std::span(&value, 1));
  }
  if (course != Course::steps || scale == 0 || scale > kPowers.size()) return false;
  const auto whole = scaled(known, scale - 1);
  if (!whole || !in.steps.take_varint(coded)) return false;
  value = unscaled(*whole + unzigzag(coded), scale - 1);
  return true;
}

}  // namespace edgehaul::frame
