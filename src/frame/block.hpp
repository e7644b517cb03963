// SPDX-License-Identifier: Apache-2.0
// A run of frames in one piece: shapes (once each, a changed one against the one before) and a
// column for every number of every series. A block with its shapes needs nothing else to be read;
// a single frame may leave its shape to be kept elsewhere, and most of its numbers, too. The bytes
// are described in spool/README.md. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "frame/shape.hpp"

namespace edgehaul::frame {

// One tick of our own samples.
struct Frame {
  ShapePtr shape;
  base::UnixNanos time = 0;
  std::vector<std::uint64_t> numbers;  // one for each slot of the shape

  std::string request() const { return shape->fill(numbers); }
};

// What a single frame leaves out: its shape and a tick before it that it is told from. Without
// numbers it is the shape alone.
using AnchorPtr = std::shared_ptr<const Frame>;

// The request as a frame; `last` (may be null) is its shape if it fits.
Result<Frame> make_frame(std::string_view request, base::UnixNanos time, const ShapePtr& last);

// What one block holds at most, so that reading one has a bound, too.
class Capacity {
 public:
  static constexpr std::size_t kFrames = 4096;
  static constexpr std::size_t kShapes = 64;
  static constexpr std::size_t kNumbers = 1U << 20;
  static constexpr std::size_t kShapeBytes = 8U << 20;

  // Counts the frame in, unless it is one too many.
  bool takes(const Frame& frame);

 private:
  std::size_t frames_ = 0;
  std::size_t numbers_ = 0;
  std::size_t shape_bytes_ = 0;
  std::size_t shape_slots_ = 0;
  std::vector<const Shape*> shapes_;
};

// `frames` is not empty and within a Capacity. Equal shapes should be one object.
Result<std::string> encode_block(std::span<const Frame> frames, int level);
// Without its shape.
Result<std::string> encode_frame(const Frame& frame);
// As steps from `anchor`, which has the same shape object and numbers.
Result<std::string> encode_step(const Frame& frame, const Frame& anchor);

// False: of a newer version, which is kept for it.
bool is_readable(std::string_view block);
// Of any bytes; never more than a Capacity. Errc::invalid: of a newer version; malformed.
// `anchor` is for what encode_frame() and encode_step() made, null otherwise.
Result<std::vector<Frame>> decode_block(std::string_view block, const Frame* anchor);

}  // namespace edgehaul::frame
