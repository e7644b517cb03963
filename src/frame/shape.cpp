// SPDX-License-Identifier: Apache-2.0
#include "frame/shape.hpp"

#include <bit>
#include <cstring>

#include "frame/varint.hpp"

namespace edgehaul::frame {

namespace {

constexpr std::size_t kWidth = 8;

// Of little-endian bytes, and into them.
std::uint64_t load(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, kWidth);
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

void store(char* at, std::uint64_t value) {
  if constexpr (std::endian::native != std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(at, &value, kWidth);
}

// Eight bytes at a time, for a shape has a hundred kilobytes; the same on every machine.
class Hash {
 public:
  void mix(std::string_view bytes) {
    mix(bytes.size());
    for (; bytes.size() >= kWidth; bytes.remove_prefix(kWidth))
      mix(load(bytes.data()));
    char rest[kWidth] = {};
    std::memcpy(rest, bytes.data(), bytes.size());
    mix(load(rest));
  }
  void mix(std::uint64_t number) {
    value_ = (value_ ^ number) * 0x9E3779B97F4A7C15ULL;
    value_ ^= value_ >> 32U;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037ULL;
};

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

// The messages from a request down to a point, and which of their fields leads further down
// (opentelemetry/proto/metrics/v1). A metric has two such fields: gauge and sum.
enum class Level : std::uint8_t { request, resource, scope, metric, data, point };

bool leads_down(Level level, std::uint64_t field) {
  switch (level) {
    case Level::request:
    case Level::data:
      return field == 1;
    case Level::resource:
    case Level::scope:
      return field == 2;
    case Level::metric:
      return field == 5 || field == 7;
    case Level::point:
      break;
  }
  return false;
}

// Resource, scope and name come first in the messages they describe, as every encoder writes them.
bool describes(Level level, std::uint64_t field) {
  return level == Level::point || (level != Level::request && level != Level::data && field == 1);
}

const Blank* blank_of(std::uint64_t field) {
  static constexpr Blank kBlanks[] = {Blank::start, Blank::time, Blank::integer, Blank::real};
  switch (field) {
    case 2:
      return &kBlanks[0];
    case 3:
      return &kBlanks[1];
    case 6:
      return &kBlanks[2];
    case 4:
      return &kBlanks[3];
    default:
      return nullptr;
  }
}

class Finder {
 public:
  Finder(std::string_view whole, std::vector<Slot>& slots) : whole_(whole), slots_(slots) {}

  bool visit(std::string_view message, Level level, Hash about) {
    const std::size_t first_slot = slots_.size();
    Reader reader(message);
    while (!reader.done()) {
      const std::string_view from = reader.rest();
      std::uint64_t tag = 0;
      if (!reader.take_varint(tag)) return false;
      std::string_view bytes;
      if (!take(reader, static_cast<Wire>(tag & 7U), bytes)) return false;
      const std::uint64_t field = tag >> 3U;
      const bool is_message = (tag & 7U) == static_cast<unsigned>(Wire::length);
      const bool is_fixed = (tag & 7U) == static_cast<unsigned>(Wire::fixed64);
      const Blank* blank = level == Level::point && is_fixed ? blank_of(field) : nullptr;
      if (blank != nullptr) {
        slots_.push_back({static_cast<std::uint32_t>(bytes.data() - whole_.data()), *blank, 0});
      } else if (is_message && leads_down(level, field)) {
        if (!visit(bytes, static_cast<Level>(static_cast<int>(level) + 1), about)) return false;
      } else if (describes(level, field)) {
        about.mix(from.substr(0, from.size() - reader.rest().size()));
      }
    }
    if (level == Level::point) name(first_slot, about);
    return true;
  }
  std::uint64_t points() const { return points_; }

 private:
  static bool take(Reader& reader, Wire wire, std::string_view& bytes) {
    std::uint64_t number = 0;
    switch (wire) {
      case Wire::varint:
        return reader.take_varint(number);
      case Wire::fixed64:
        return reader.take_bytes(bytes, kWidth);
      case Wire::fixed32:
        return reader.take_bytes(bytes, kWidth / 2);
      case Wire::length:
        return reader.take_varint(number) && number <= reader.rest().size() &&
               reader.take_bytes(bytes, static_cast<std::size_t>(number));
    }
    return false;
  }

  void name(std::size_t first_slot, const Hash& about) {
    ++points_;
    for (std::size_t i = first_slot; i < slots_.size(); ++i) {
      Hash series = about;
      series.mix(static_cast<std::uint64_t>(slots_[i].blank));
      slots_[i].series = series.value();
    }
  }

  std::string_view whole_;
  std::vector<Slot>& slots_;
  std::uint64_t points_ = 0;
};

}  // namespace

Result<ShapePtr> Shape::of(std::string_view request) {
  if (request.size() > kMaxBytes) {
    return fail(Errc::too_large, "a frame of {} bytes is over the bound of {}", request.size(),
                kMaxBytes);
  }
  const std::shared_ptr<Shape> shape(new Shape());
  shape->form_ = request;
  Finder finder(shape->form_, shape->slots_);
  if (!finder.visit(shape->form_, Level::request, Hash())) {
    return fail(Errc::malformed, "not a metrics request");
  }
  shape->points_ = finder.points();
  for (const Slot& slot : shape->slots_)
    store(shape->form_.data() + slot.offset, 0);
  Hash hash;
  hash.mix(shape->form_);
  shape->hash_ = (hash.value() >> 2U) | 1U;
  return shape;
}

bool Shape::fits(std::string_view request) const {
  if (request.size() != form_.size()) return false;
  std::size_t at = 0;
  for (const Slot& slot : slots_) {
    if (std::memcmp(form_.data() + at, request.data() + at, slot.offset - at) != 0) return false;
    at = slot.offset + kWidth;
  }
  return form_.compare(at, std::string::npos, request, at) == 0;
}

std::vector<std::uint64_t> Shape::numbers(std::string_view request) const {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(slots_.size());
  for (const Slot& slot : slots_)
    numbers.push_back(load(request.data() + slot.offset));
  return numbers;
}

std::string Shape::fill(std::span<const std::uint64_t> numbers) const {
  std::string request = form_;
  for (std::size_t i = 0; i < slots_.size(); ++i)
    store(request.data() + slots_[i].offset, numbers[i]);
  return request;
}

}  // namespace edgehaul::frame
