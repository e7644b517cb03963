// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "frame/block.hpp"
#include "frame/host.hpp"

using namespace edgehaul;
using frame::Frame;

namespace {

constexpr int kLevel = 3;

struct Ticks {
  std::vector<std::string> requests;
  std::vector<Frame> frames;

  Ticks(std::uint32_t seed, std::size_t count) {
    test::RandomHost host(seed);
    frame::ShapePtr last;
    while (frames.size() < count) {
      requests.push_back(host.tick());
      auto frame = frame::make_frame(requests.back(), host.time(), last);
      REQUIRE(frame);
      last = frame->shape;
      frames.push_back(std::move(*frame));
    }
  }
};

void check_equal(const std::vector<Frame>& frames, const Ticks& ticks) {
  REQUIRE(frames.size() == ticks.frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i].time == ticks.frames[i].time);
    CHECK(frames[i].request() == ticks.requests[i]);
  }
}

}  // namespace

TEST_CASE("block: what comes out is what the encoder made, byte for byte") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const Ticks ticks(seed, 1 + seed % 40);
    const auto block = frame::encode_block(ticks.frames, kLevel);
    REQUIRE(block);
    const auto back = frame::decode_block(*block, nullptr);
    REQUIRE_MESSAGE(back, back.error().message);
    check_equal(*back, ticks);
  }
}

TEST_CASE("block: shapes that come and go are kept once each, and small") {
  const Ticks ticks(7, 40);
  std::vector<const frame::Shape*> shapes;
  for (const Frame& one : ticks.frames) {
    if (shapes.empty() || shapes.back() != one.shape.get()) shapes.push_back(one.shape.get());
  }
  REQUIRE(shapes.size() > 3);
  const std::size_t one = frame::encode_block(std::span(ticks.frames).first(1), kLevel)->size();
  CHECK(frame::encode_block(ticks.frames, kLevel)->size() < 10 * one);

  std::vector<Frame> twice = ticks.frames;
  twice.insert(twice.end(), ticks.frames.begin(), ticks.frames.end());
  const auto back = frame::decode_block(*frame::encode_block(twice, kLevel), nullptr);
  REQUIRE(back);
  REQUIRE(back->size() == 80);
  CHECK((*back)[40].shape == (*back)[0].shape);
  CHECK((*back)[79].request() == ticks.requests[39]);
}

TEST_CASE("block: a single frame leaves its shape out") {
  const Ticks ticks(3, 1);
  const auto coded = frame::encode_frame(ticks.frames[0]);
  REQUIRE(coded);
  CHECK(coded->size() < frame::encode_block(ticks.frames, kLevel)->size());
  CHECK(frame::decode_block(*coded, nullptr).error().code == Errc::absent);
  const Frame alone{ticks.frames[0].shape, 0, {}};
  const auto back = frame::decode_block(*coded, &alone);
  REQUIRE(back);
  check_equal(*back, ticks);
}

TEST_CASE("block: a frame with the wrong shape is refused") {
  const Ticks ticks(3, 1);
  const auto coded = frame::encode_frame(ticks.frames[0]);
  const Ticks other(9, 1);
  CHECK(frame::decode_block(*coded, &other.frames[0]).error().code == Errc::malformed);
}

TEST_CASE("block: a frame as steps from another of its shape, exactly and short") {
  for (std::uint32_t seed = 1; seed < 40; ++seed) {
    const Ticks ticks(seed, 30);
    const Frame& anchor = ticks.frames[0];
    for (const Frame& frame : ticks.frames) {
      if (frame.shape != anchor.shape) continue;
      const auto coded = frame::encode_step(frame, anchor);
      REQUIRE(coded);
      CHECK(frame::is_readable(*coded));
      CHECK(frame::decode_block(*coded, nullptr).error().code == Errc::absent);
      const Frame alone{anchor.shape, 0, {}};
      CHECK(frame::decode_block(*coded, &alone).error().code == Errc::absent);
      const auto back = frame::decode_block(*coded, &anchor);
      REQUIRE(back);
      REQUIRE(back->size() == 1);
      CHECK(back->front().time == frame.time);
      CHECK(back->front().request() == frame.request());
    }
    CHECK(frame::encode_step(anchor, anchor)->size() < frame::encode_frame(anchor)->size());
  }
}

TEST_CASE("block: steps cut or changed anywhere, or from another anchor, never crash") {
  const Ticks ticks(5, 12);
  const Frame& anchor = ticks.frames[0];
  const Ticks others(9, 1);
  for (const Frame& frame : ticks.frames) {
    if (frame.shape != anchor.shape) continue;
    const std::string block = *frame::encode_step(frame, anchor);
    for (std::size_t i = 0; i < block.size(); ++i) {
      CHECK_FALSE(frame::decode_block(std::string_view(block).substr(0, i), &anchor));
      std::string changed = block;
      changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
      const auto back = frame::decode_block(changed, &anchor);
      if (back) CHECK(back->front().numbers.size() == back->front().shape->slots().size());
    }
    const auto other = frame::decode_block(block, &others.frames[0]);
    if (other) CHECK(other->front().request() != frame.request());
  }
}

TEST_CASE("block: of a newer version") {
  std::string block = *frame::encode_block(Ticks(1, 2).frames, kLevel);
  block[0] = 3;
  CHECK(frame::decode_block(block, nullptr).error().code == Errc::invalid);
}

TEST_CASE("block: cut or changed anywhere, it is refused or another block, never a crash") {
  const Ticks ticks(5, 12);
  const std::string block = *frame::encode_block(ticks.frames, kLevel);
  for (std::size_t i = 0; i < block.size(); ++i) {
    CHECK_FALSE(frame::decode_block(std::string_view(block).substr(0, i), nullptr));
    std::string changed = block;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    const auto back = frame::decode_block(changed, nullptr);
    if (!back) continue;
    for (const Frame& one : *back)
      CHECK(one.numbers.size() == one.shape->slots().size());
  }
  CHECK_FALSE(frame::decode_block(block + "x", nullptr));
}

TEST_CASE("block: its capacity ends the run before the decoder would refuse it") {
  Ticks ticks(11, 1);
  const auto shape_of = [&](std::size_t i) {
    // A field that nobody knows makes a shape of its own.
    return *frame::Shape::of(ticks.requests[0] + "\xf8\x01" + static_cast<char>(i));
  };
  frame::Capacity capacity;
  std::vector<Frame> frames;
  for (std::size_t i = 0;; ++i) {
    Frame next{shape_of(i), 0, ticks.frames[0].numbers};
    if (!capacity.takes(next)) break;
    frames.push_back(std::move(next));
  }
  CHECK(frames.size() == frame::Capacity::kShapes);
  CHECK(frame::decode_block(*frame::encode_block(frames, kLevel), nullptr));

  frame::Capacity other;
  std::size_t count = 0;
  while (other.takes(ticks.frames[0]))
    ++count;
  CHECK(count == std::min(frame::Capacity::kFrames,
                          frame::Capacity::kNumbers / ticks.frames[0].numbers.size()));
  const std::vector<Frame> many(count, ticks.frames[0]);
  CHECK(frame::decode_block(*frame::encode_block(many, kLevel), nullptr)->size() == count);
}
