// SPDX-License-Identifier: Apache-2.0
#include "forward/lineage.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace edgehaul;
using forward::Lineage;
using spool::Slice;

TEST_CASE("lineage: a restart names old records as before and new ones anew") {
  const Lineage first = Lineage::begin(std::nullopt, 1);
  const Lineage second = Lineage::begin(first.text(), 10);
  const auto then = first.name({{1, 5}, {2, 6}});
  const auto now = second.name({{1, 5}, {2, 6}, {10, 7}});
  REQUIRE(then.runs.size() == 1);
  REQUIRE(now.runs.size() == 2);
  CHECK(now.installation == then.installation);
  CHECK(now.runs[0] == then.runs[0]);
  CHECK(now.runs[1].first == 10);
  CHECK(now.runs[1].nonce != now.runs[0].nonce);
}

TEST_CASE("lineage: records from before there were names get one, the same at each start") {
  const Lineage first = Lineage::begin(std::nullopt, 100);
  const auto then = first.name({{1, 5}, {99, 6}, {100, 7}});
  REQUIRE(then.runs.size() == 2);
  CHECK(then.runs[0].slices.size() == 2);
  CHECK(Lineage::begin(first.text(), 120).name({{1, 5}, {99, 6}, {100, 7}}).runs == then.runs);
}

TEST_CASE("lineage: copies of one image share what the image held and nothing later") {
  const std::string image = Lineage::begin(std::nullopt, 1).text();
  const Lineage one = Lineage::begin(image, 10);
  const Lineage two = Lineage::begin(image, 10);
  CHECK(one.name({{9, 1}}).runs == two.name({{9, 1}}).runs);
  CHECK(one.name({{10, 1}}).runs != two.name({{10, 1}}).runs);
}

TEST_CASE("lineage: a wiped state is a new installation, garbage too") {
  const auto installation = [](const std::optional<std::string>& saved) {
    return Lineage::begin(saved, 1).name({{1, 1}}).installation;
  };
  CHECK(installation(std::nullopt) != installation(std::nullopt));
  CHECK(installation("") != installation(""));
}

TEST_CASE("lineage: bounded; what it does not know has no name") {
  std::optional<std::string> saved;
  for (spool::RecordId next = 1; next <= 1200; ++next)
    saved = Lineage::begin(saved, next).text();
  CHECK(saved->size() < 60'000);
  const Lineage lineage = Lineage::begin(saved, 1201);
  CHECK(lineage.name({{5, 1}, {1200, 1}}).empty());
  CHECK_FALSE(lineage.name({{1200, 1}}).empty());
  CHECK(Lineage().name({{1, 1}}).empty());
  // Starts that made nothing leave nothing.
  const std::string idle = Lineage::begin(Lineage::begin(std::nullopt, 1).text(), 1).text();
  CHECK(std::count(idle.begin(), idle.end(), '@') == 1);
}
