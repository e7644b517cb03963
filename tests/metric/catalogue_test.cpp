// SPDX-License-Identifier: Apache-2.0
#include "metric/catalogue.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace edgehaul::metric;

TEST_CASE("catalogue: names are unique, dotted and lower case, every row is documented") {
  std::set<std::string_view> names;
  for (const Def& row : catalogue()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") ==
          std::string_view::npos);
    CHECK(row.name.find('.') != std::string_view::npos);
    CHECK_FALSE(row.unit.empty());
    CHECK_FALSE(row.origin.empty());
    CHECK_FALSE(row.source.empty());
    CHECK(row.description.ends_with('.'));
  }
}

TEST_CASE("catalogue: names differ by more than dots and underscores") {
  std::set<std::string> flat;
  for (const Def& row : catalogue()) {
    std::string name(row.name);
    for (char& c : name)
      c = c == '.' ? '_' : c;
    CAPTURE(row.name);
    CHECK(flat.insert(name).second);
  }
}

TEST_CASE("catalogue: rows are found by name") {
  CHECK(def(id("system.disk.io")).unit == "By");
  CHECK(find("no.such.metric") == kNoMetric);
}
