// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "frame/host.hpp"
#include "frame/shape.hpp"

using namespace edgehaul;
using frame::Shape;

TEST_CASE("shape: a request is its shape with the numbers filled in") {
  test::RandomHost host(1);
  const std::string request = host.tick();
  const auto shape = Shape::of(request);
  REQUIRE(shape);
  CHECK((*shape)->form() != request);
  CHECK((*shape)->form().size() == request.size());
  CHECK((*shape)->points() > 0);
  // A time and a value at least.
  CHECK((*shape)->slots().size() >= 2 * (*shape)->points());
  CHECK((*shape)->fill((*shape)->numbers(request)) == request);
}

TEST_CASE("shape: other numbers fit, another series does not") {
  test::RandomHost host(2);
  const std::string request = host.tick();
  const auto shape = *Shape::of(request);
  const std::string later =
      shape->fill(std::vector<std::uint64_t>(shape->slots().size(), UINT64_MAX));
  CHECK(later != request);
  CHECK(shape->fits(later));
  CHECK((*Shape::of(later))->hash() == shape->hash());
  CHECK_FALSE(shape->fits(request + request));
  CHECK_FALSE(shape->fits(""));
  for (std::size_t i = 0; i < request.size(); i += 7) {
    std::string other = request;
    other[i] = static_cast<char>(other[i] ^ 1);
    if (shape->fits(other)) {
      CHECK(shape->fill(shape->numbers(other)) == other);
    } else {
      const auto changed = Shape::of(other);
      CHECK((!changed || (*changed)->hash() != shape->hash()));
    }
  }
}

TEST_CASE("shape: a series is known again in another shape") {
  test::RandomHost host(3);
  const auto shape = *Shape::of(host.tick());
  const auto both = *Shape::of(shape->form() + shape->form());
  REQUIRE(both->slots().size() == 2 * shape->slots().size());
  for (std::size_t i = 0; i < shape->slots().size(); ++i) {
    CHECK(both->slots()[i].series == shape->slots()[i].series);
    CHECK(both->slots()[i + shape->slots().size()].series == shape->slots()[i].series);
  }
}

TEST_CASE("shape: bytes that are no request") {
  const std::string request = test::RandomHost(4).tick();
  CHECK_FALSE(Shape::of(request.substr(0, request.size() - 1)));
  CHECK_FALSE(Shape::of("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
  CHECK_FALSE(Shape::of("\x0b"));
  CHECK_FALSE(Shape::of("plain text"));
  CHECK(Shape::of(std::string(Shape::kMaxBytes + 1, '\0')).error().code == Errc::too_large);
  const auto empty = Shape::of("");
  REQUIRE(empty);
  CHECK((*empty)->slots().empty());
  CHECK((*empty)->hash() != 0);
}

TEST_CASE("shape: numbers of other kinds of metric stay in the shape") {
  // resource_metrics{scope_metrics{metrics{histogram{data_points{time_unix_nano}}}}}
  const std::string request(
      "\x0a\x11\x12\x0f\x12\x0d\x4a\x0b\x0a\x09\x19"
      "12345678",
      19);
  const auto shape = Shape::of(request);
  REQUIRE(shape);
  CHECK((*shape)->slots().empty());
  CHECK((*shape)->form() == request);
}
