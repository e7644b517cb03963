// SPDX-License-Identifier: Apache-2.0
// Bytes of a damaged disk as a block of frames and as a shape. Whatever is accepted means one
// thing: it comes back the same when it is coded again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "frame/block.hpp"

using namespace edgehaul;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void as_shape(std::string_view bytes) {
  const auto shape = frame::Shape::of(bytes);
  if (!shape) return;
  require((*shape)->fits(bytes));
  require((*shape)->fill((*shape)->numbers(bytes)) == bytes);
}

void as_block(std::string_view bytes) {
  const auto frames = frame::decode_block(bytes, nullptr);
  if (!frames) return;
  require(!frames->empty() && frames->size() <= frame::Capacity::kFrames);
  const auto coded = frame::encode_block(*frames, 1);
  require(coded.has_value());
  const auto again = frame::decode_block(*coded, nullptr);
  require(again.has_value() && again->size() == frames->size());
  for (std::size_t i = 0; i < frames->size(); ++i) {
    require((*again)[i].time == (*frames)[i].time);
    require((*again)[i].request() == (*frames)[i].request());
  }
}

// From the block before it, which must be one that is accepted.
void as_step(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const std::size_t high = static_cast<unsigned char>(bytes[0]);
  const std::size_t size = high << 8U | static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  const auto anchor = frame::decode_block(bytes.substr(0, size), nullptr);
  if (!anchor || size > bytes.size()) return;
  const frame::Frame& from = anchor->front();
  const auto frames = frame::decode_block(bytes.substr(size), &from);
  if (!frames) return;
  const frame::Frame& frame = frames->back();
  if (frame.shape != from.shape) return;
  const auto coded = frame::encode_step(frame, from);
  require(coded.has_value());
  const auto again = frame::decode_block(*coded, &from);
  require(again.has_value() && again->size() == 1);
  require(again->front().time == frame.time && again->front().request() == frame.request());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    as_shape(bytes);
  } else if (data[0] % 4 == 3) {
    as_step(bytes);
  } else {
    as_block(bytes);
  }
  return 0;
}
