// SPDX-License-Identifier: Apache-2.0
// One number of a series through the frames of a block. Integers (and decimals such as 12.34, as
// scaled integers) are coded as steps or as steps of steps, whatever is shorter; other reals as
// the bits that differ from the value before. All exact, for any bits. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frame/varint.hpp"

namespace edgehaul::frame {

// Where the columns of a block go: like with like, for zstd.
struct Streams {
  std::string modes;   // a byte for each column
  std::string firsts;  // the first value of each
  std::string steps;
  std::string bits;  // reals that are no decimals
};

struct StreamReaders {
  Reader modes, firsts, steps, bits;
};

// `values` is not empty. With `is_real` they are the bits of doubles.
void put_column(std::span<const std::uint64_t> values, bool is_real, Streams& out);

// Fills `values`; false when the streams end too early or make no sense.
bool take_column(StreamReaders& in, bool is_real, std::span<std::uint64_t> values);

// One value as the step from a known one.
void put_step(std::uint64_t known, std::uint64_t value, bool is_real, Streams& out);
bool take_step(StreamReaders& in, bool is_real, std::uint64_t known, std::uint64_t& value);

}  // namespace edgehaul::frame
