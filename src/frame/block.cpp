// SPDX-License-Identifier: Apache-2.0
#include "frame/block.hpp"

#include <algorithm>

#include "base/codec.hpp"
#include "frame/columns.hpp"
#include "frame/varint.hpp"

namespace edgehaul::frame {

namespace {

constexpr unsigned char kVersion = 1;
constexpr unsigned char kStepVersion = 2;  // a single frame as steps from another
constexpr int kQuickLevel = 3;
// Ten bytes for each number at most, and some for the lists.
constexpr std::size_t kMaxColumnBytes = 12 * Capacity::kNumbers;

struct Shapes {
  std::vector<ShapePtr> all;          // in the order of their first frames
  std::vector<std::size_t> of_frame;  // place of each frame's shape
};

Shapes shapes_of(std::span<const Frame> frames) {
  Shapes shapes;
  for (const Frame& frame : frames) {
    auto at = std::find(shapes.all.begin(), shapes.all.end(), frame.shape);
    if (at == shapes.all.end()) at = shapes.all.insert(at, frame.shape);
    shapes.of_frame.push_back(static_cast<std::size_t>(at - shapes.all.begin()));
  }
  return shapes;
}

// Times as steps of steps, places of shapes as runs.
void put_frames(std::string& out, std::span<const Frame> frames, const Shapes& shapes) {
  std::uint64_t before = 0;
  std::uint64_t step = 0;
  for (const Frame& frame : frames) {
    const std::uint64_t next = static_cast<std::uint64_t>(frame.time) - before;
    put_varint(out, zigzag(next - step));
    before = static_cast<std::uint64_t>(frame.time);
    step = next;
  }
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i + 1;
    while (end < frames.size() && shapes.of_frame[end] == shapes.of_frame[i])
      ++end;
    put_varint(out, shapes.of_frame[i]);
    put_varint(out, end - i);
    i = end;
  }
}

bool take_frames(Reader& from, std::vector<Frame>& frames, Shapes& shapes) {
  std::uint64_t time = 0;
  std::uint64_t step = 0;
  for (Frame& frame : frames) {
    std::uint64_t coded = 0;
    if (!from.take_varint(coded)) return false;
    step += unzigzag(coded);
    time += step;
    frame.time = static_cast<base::UnixNanos>(time);
  }
  std::size_t numbers = 0;
  while (shapes.of_frame.size() < frames.size()) {
    std::uint64_t place = 0;
    std::uint64_t count = 0;
    if (!from.take_varint(place, shapes.all.size() - 1) ||
        !from.take_varint(count, frames.size() - shapes.of_frame.size()) || count == 0) {
      return false;
    }
    for (; count > 0; --count) {
      Frame& frame = frames[shapes.of_frame.size()];
      frame.shape = shapes.all[place];
      numbers += frame.shape->slots().size();
      shapes.of_frame.push_back(place);
    }
  }
  return numbers <= Capacity::kNumbers;
}

Result<void> put_shapes(std::string& out, const std::vector<ShapePtr>& shapes, int level) {
  std::string_view before;
  for (const ShapePtr& shape : shapes) {
    auto coded = codec::encode_against(before, shape->form(), level);
    if (!coded) return pass(std::move(coded.error()));
    put_varint(out, shape->form().size());
    put_varint(out, coded->size());
    out += *coded;
    before = shape->form();
  }
  return {};
}

Result<void> take_shapes(Reader& from, std::size_t count, Shapes& shapes) {
  std::size_t bytes = 0;
  std::size_t slots = 0;
  std::string_view before;
  for (; count > 0; --count) {
    std::uint64_t size = 0;
    std::uint64_t coded_size = 0;
    std::string_view coded;
    if (!from.take_varint(size, Shape::kMaxBytes) || !from.take_varint(coded_size) ||
        coded_size > from.rest().size() || !from.take_bytes(coded, coded_size) ||
        (bytes += size) > Capacity::kShapeBytes) {
      return fail(Errc::malformed, "block: bad list of shapes");
    }
    auto form = codec::decode_against(before, coded, size);
    if (!form) return within("block: shape", std::move(form.error()));
    auto shape = Shape::of(*form);
    if (!shape) return within("block: shape", std::move(shape.error()));
    slots += (*shape)->slots().size();
    if (form->size() != size || slots > Capacity::kNumbers || (*shape)->form() != *form) {
      return fail(Errc::malformed, "block: bad shape");
    }
    shapes.all.push_back(std::move(*shape));
    before = shapes.all.back()->form();
  }
  return {};
}

Result<std::string> encode(std::span<const Frame> frames, bool with_shapes, int level) {
  const Shapes shapes = shapes_of(frames);
  std::string out(1, static_cast<char>(kVersion));
  put_varint(out, frames.size());
  put_varint(out, with_shapes ? shapes.all.size() : 0);
  if (with_shapes) {
    if (auto done = put_shapes(out, shapes.all, level); !done) return pass(std::move(done.error()));
  }
  std::string plain;
  put_frames(plain, frames, shapes);
  ColumnMap map;
  for (const ShapePtr& shape : shapes.all) {
    map.add(*shape);
    map.write(plain);
  }
  plain += encode_columns(map, shapes.of_frame, frames);
  auto packed = codec::encode(codec::Coding::zstd, plain, level);
  if (!packed) return packed;
  return out += *packed;
}

Result<void> take_columns(std::string_view packed, Shapes& shapes, std::vector<Frame>& frames) {
  auto plain = codec::decode(codec::Coding::zstd, packed, kMaxColumnBytes);
  if (!plain) return within("block", std::move(plain.error()));
  Reader from(*plain);
  if (!take_frames(from, frames, shapes)) return fail(Errc::malformed, "block: bad list of frames");
  ColumnMap map;
  for (const ShapePtr& shape : shapes.all) {
    if (!map.add(*shape, from)) return fail(Errc::malformed, "block: bad list of columns");
  }
  if (!decode_columns(map, shapes.of_frame, from, frames) || !from.done()) {
    return fail(Errc::malformed, "block: bad columns");
  }
  return {};
}

Result<Frame> take_step(Reader& from, const Frame* anchor) {
  if (anchor == nullptr || anchor->numbers.empty()) {
    return fail(Errc::absent, "a frame whose anchor is missing");
  }
  std::uint64_t coded = 0;
  if (!from.take_varint(coded)) return fail(Errc::malformed, "block: bad head");
  Frame frame;
  frame.shape = anchor->shape;
  frame.time =
      static_cast<base::UnixNanos>(static_cast<std::uint64_t>(anchor->time) + unzigzag(coded));
  auto plain = codec::decode(codec::Coding::zstd, from.rest(), kMaxColumnBytes);
  if (!plain) return within("block", std::move(plain.error()));
  Reader steps(*plain);
  if (!decode_steps(steps, *anchor, frame) || !steps.done()) {
    return fail(Errc::malformed, "block: bad steps");
  }
  return frame;
}

}  // namespace

Result<Frame> make_frame(std::string_view request, base::UnixNanos time, const ShapePtr& last) {
  Frame frame;
  frame.time = time;
  frame.shape = last;
  if (!last || !last->fits(request)) {
    auto shape = Shape::of(request);
    if (!shape) return pass(std::move(shape.error()));
    frame.shape = std::move(*shape);
  }
  frame.numbers = frame.shape->numbers(request);
  return frame;
}

bool Capacity::takes(const Frame& frame) {
  const std::size_t numbers = frame.shape->slots().size();
  const bool is_known =
      std::find(shapes_.begin(), shapes_.end(), frame.shape.get()) != shapes_.end();
  if (frames_ == kFrames || numbers_ + numbers > kNumbers) return false;
  if (!is_known) {
    if (shapes_.size() == kShapes || shape_slots_ + numbers > kNumbers ||
        shape_bytes_ + frame.shape->form().size() > kShapeBytes) {
      return false;
    }
    shapes_.push_back(frame.shape.get());
    shape_slots_ += numbers;
    shape_bytes_ += frame.shape->form().size();
  }
  ++frames_;
  numbers_ += numbers;
  return true;
}

Result<std::string> encode_block(std::span<const Frame> frames, int level) {
  return encode(frames, true, level);
}

Result<std::string> encode_frame(const Frame& frame) {
  return encode(std::span(&frame, 1), false, kQuickLevel);
}

Result<std::string> encode_step(const Frame& frame, const Frame& anchor) {
  std::string out(1, static_cast<char>(kStepVersion));
  put_varint(out, zigzag(static_cast<std::uint64_t>(frame.time) -
                         static_cast<std::uint64_t>(anchor.time)));
  auto packed = codec::encode(codec::Coding::zstd, encode_steps(frame, anchor), kQuickLevel);
  if (!packed) return packed;
  return out += *packed;
}

bool is_readable(std::string_view block) {
  return block.empty() || static_cast<unsigned char>(block.front()) <= kStepVersion;
}

Result<std::vector<Frame>> decode_block(std::string_view block, const Frame* anchor) {
  Reader from(block);
  unsigned char version = 0;
  if (from.take_byte(version) && version > kStepVersion) {
    return fail(Errc::invalid, "block of version {}, and this edgehaul reads up to {}", version,
                kStepVersion);
  }
  if (version == kStepVersion) {
    auto frame = take_step(from, anchor);
    if (!frame) return pass(std::move(frame.error()));
    return std::vector<Frame>{std::move(*frame)};
  }
  std::uint64_t count = 0;
  std::uint64_t shape_count = 0;
  if (version != kVersion || !from.take_varint(count, Capacity::kFrames) || count == 0 ||
      !from.take_varint(shape_count, Capacity::kShapes)) {
    return fail(Errc::malformed, "block: bad head");
  }
  Shapes shapes;
  if (shape_count == 0) {
    if (anchor == nullptr) return fail(Errc::absent, "a frame whose shape is missing");
    shapes.all.push_back(anchor->shape);
  } else if (auto done = take_shapes(from, shape_count, shapes); !done) {
    return pass(std::move(done.error()));
  }
  std::vector<Frame> frames(count);
  if (auto done = take_columns(from.rest(), shapes, frames); !done) {
    return pass(std::move(done.error()));
  }
  return frames;
}

}  // namespace edgehaul::frame
