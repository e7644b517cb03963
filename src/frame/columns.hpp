// SPDX-License-Identifier: Apache-2.0
// Which number of which shape belongs to which column: a series keeps its column while shapes
// come and go. And the columns of all frames of a block as bytes. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "frame/block.hpp"
#include "frame/varint.hpp"

namespace edgehaul::frame {

class ColumnMap {
 public:
  // For the coder: finds or opens a column for each slot of the next shape.
  void add(const Shape& shape);
  // The same for the decoder, which is told.
  bool add(const Shape& shape, Reader& from);
  void write(std::string& out) const;  // what the decoder is told, of the last shape added

  std::span<const std::uint32_t> of(std::size_t shape) const { return columns_[shape]; }
  std::span<const Blank> blanks() const { return blanks_; }  // of each column

 private:
  std::vector<std::vector<std::uint32_t>> columns_;
  std::vector<Blank> blanks_;
  std::vector<std::uint64_t> series_;
};

// Frames in their order, `shape_of[i]` the place of frame i's shape in `map`.
std::string encode_columns(const ColumnMap& map, std::span<const std::size_t> shape_of,
                           std::span<const Frame> frames);
// Fills the numbers of the frames, whose times are known. False: the bytes make no sense.
bool decode_columns(const ColumnMap& map, std::span<const std::size_t> shape_of, Reader& from,
                    std::span<Frame> frames);

// A frame as steps from another one of its shape; its time is known to both sides.
std::string encode_steps(const Frame& frame, const Frame& anchor);
bool decode_steps(Reader& from, const Frame& anchor, Frame& frame);

}  // namespace edgehaul::frame
