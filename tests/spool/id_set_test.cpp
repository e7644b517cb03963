// SPDX-License-Identifier: Apache-2.0
#include "spool/id_set.hpp"

#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace edgehaul;
using namespace edgehaul::spool;

TEST_CASE("id_set: neighbours join, holes split") {
  IdSet ids;
  ids.add(5);
  ids.add(7);
  CHECK(format_ids(ids) == "5 7");
  ids.add(6);
  CHECK(format_ids(ids) == "5-7");
  ids.add(1, 3);
  ids.add(20, 30);
  CHECK(format_ids(ids) == "1-3 5-7 20-30");
  ids.remove(2, 25);
  CHECK(format_ids(ids) == "1 26-30");
  ids.add(1, 100);
  CHECK(format_ids(ids) == "1-100");
  CHECK(ids.range_of(50) == IdRange{1, 100});
  CHECK_FALSE(ids.contains(101));
  ids.add(9, 8);
  CHECK(ids.count() == 100);
}

TEST_CASE("id_set: text both ways") {
  struct Row {
    std::string text;
    bool reads;
  };
  for (const Row& row :
       {Row{"", true}, Row{"7", true}, Row{"1-500 612 700-703", true}, Row{"5-", false},
        Row{"-5", false}, Row{"9-3", false}, Row{"x", false}, Row{"1-2-3", false},
        Row{"99999999999999999999", false}, Row{"1-9223372036854775807", false}}) {
    CAPTURE(row.text);
    const auto ids = parse_ids(row.text);
    CHECK(ids.has_value() == row.reads);
    if (ids) CHECK(format_ids(*ids) == row.text);
  }
}

TEST_CASE("id_set: does what a plain set does") {
  std::mt19937 random(7);
  const auto upto = [&](RecordId most) { return 1 + random() % most; };
  IdSet ids;
  IdSet others;
  std::set<RecordId> plain;
  for (int step = 0; step < 3000; ++step) {
    const RecordId first = upto(200);
    const RecordId last = first + upto(12) - 1;
    const bool adds = random() % 2 == 0;
    adds ? ids.add(first, last) : ids.remove(first, last);
    for (RecordId id = first; id <= last; ++id) {
      if (adds) {
        plain.insert(id);
      } else {
        plain.erase(id);
      }
    }
    REQUIRE(ids.count() == plain.size());
    bool is_same = true;
    for (RecordId id = 1; id < 215; ++id) {
      is_same = is_same && ids.contains(id) == (plain.count(id) == 1);
    }
    for (std::size_t i = 1; i < ids.ranges().size(); ++i) {
      is_same = is_same && ids.ranges()[i].first > ids.ranges()[i - 1].last + 1;
    }
    if (step % 100 == 0) others = ids;
    const IdSet both = intersect(ids, others);
    for (RecordId id = 1; id < 215; ++id) {
      is_same = is_same && both.contains(id) == (ids.contains(id) && others.contains(id));
    }
    REQUIRE(is_same);
  }
}
