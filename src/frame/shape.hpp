// SPDX-License-Identifier: Apache-2.0
// What stays the same from tick to tick: a serialized ExportMetricsServiceRequest whose points
// have their numbers (start, time, value) blanked. Protobuf gives each of these eight bytes, so
// that a request is its shape with the blanks filled in, byte for byte, whatever version of the
// encoder or the catalogue made it. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace edgehaul::frame {

// What a blank holds: a time, or the bits of the value.
enum class Blank : std::uint8_t { start, time, integer, real };

struct Slot {
  std::uint32_t offset = 0;  // of eight little-endian bytes in form()
  Blank blank = Blank::integer;
  // Tells series apart across shapes: resource, scope, metric and attributes, hashed. A guess for
  // the coder; nothing but the size of a block depends on it.
  std::uint64_t series = 0;
};

class Shape {
 public:
  // A larger request is no frame; it is kept as a request.
  static constexpr std::size_t kMaxBytes = 4U << 20;

  // Errc::malformed: not protobuf as far as it is looked into; too_large.
  static Result<std::shared_ptr<const Shape>> of(std::string_view request);

  const std::string& form() const { return form_; }
  std::span<const Slot> slots() const { return slots_; }
  std::uint64_t points() const { return points_; }
  // Of form(); never 0, below 2^62.
  std::uint64_t hash() const { return hash_; }

  // Is `request` this shape with other numbers?
  bool fits(std::string_view request) const;
  // The numbers of a request that fits, one for each slot.
  std::vector<std::uint64_t> numbers(std::string_view request) const;
  // The request again. `numbers` has one for each slot.
  std::string fill(std::span<const std::uint64_t> numbers) const;

 private:
  Shape() = default;

  std::string form_;
  std::vector<Slot> slots_;
  std::uint64_t points_ = 0;
  std::uint64_t hash_ = 0;
};

using ShapePtr = std::shared_ptr<const Shape>;

}  // namespace edgehaul::frame
