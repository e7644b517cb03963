// SPDX-License-Identifier: Apache-2.0
#include "identity/environment.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;

namespace {

// "k=v;k=v" of what was parsed, or "!" and the words of the refusal.
std::string parsed(std::string_view variable) {
  const auto attributes = identity::parse_resource_attributes(variable);
  if (!attributes) return "!" + attributes.error().message;
  std::string out;
  for (const auto& [key, value] : *attributes) {
    if (!out.empty()) out += ';';
    out += key;
    out += '=';
    out += value;
  }
  return out;
}

}  // namespace

TEST_CASE("OTEL_RESOURCE_ATTRIBUTES: what is taken") {
  struct Row {
    const char* variable;
    const char* expected;
  };
  const Row rows[] = {
      {"", ""},
      {"  ", ""},
      {"a=b", "a=b"},
      {" a = b , c=d\t", "a=b;c=d"},
      {"a=b,", "a=b"},
      {"a=", "a="},
      {"a=b=c", "a=b=c"},
      {"a=1%2C2%3d3", "a=1,2=3"},
      {"a%20b=c", "a b=c"},
      {"a=b+c", "a=b+c"},
      {"a=%20b%20", "a= b "},
      {"a=%C3%B6", "a=ö"},
      {"a=ö", "a=ö"},
      {"a=1,a=2", "a=1;a=2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    CHECK(parsed(row.variable) == row.expected);
  }
}

TEST_CASE("OTEL_RESOURCE_ATTRIBUTES: any fault spoils it all") {
  struct Row {
    const char* variable;
    const char* expected;
  };
  const Row rows[] = {
      {"a=b,c", "!entry 2: no '='"},
      {"a", "!entry 1: no '='"},
      {",", "!entry 1: no '='"},
      {"a=b,,c=d", "!entry 2: no '='"},
      {"=b", "!entry 1: no key before '='"},
      {"a=b, =c", "!entry 2: no key before '='"},
      {"a=%", "!entry 1: '%' without two hexadecimal digits"},
      {"a=%4", "!entry 1: '%' without two hexadecimal digits"},
      {"a=%zz", "!entry 1: '%' without two hexadecimal digits"},
      {"a=%-1", "!entry 1: '%' without two hexadecimal digits"},
      {"%4=b", "!entry 1: '%' without two hexadecimal digits"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.variable);
    CHECK(parsed(row.variable) == row.expected);
  }
}

TEST_CASE("OTEL_RESOURCE_ATTRIBUTES: bounds") {
  CHECK(parsed(std::string(256, 'k') + "=v").size() == 258);
  CHECK(parsed(std::string(257, 'k') + "=v") == "!entry 1: key longer than 256 bytes");
  CHECK(parsed("k=" + std::string(1024, 'v')).size() == 1026);
  CHECK(parsed("k=" + std::string(1025, 'v')) == "!entry 1: value longer than 1024 bytes");
  CHECK(parsed(std::string(100'000, ',')) == "!longer than 65536 bytes");
  std::string many;
  for (int i = 0; i < 129; ++i)
    many += "k" + std::to_string(i) + "=v,";
  CHECK(parsed(many) == "!more than 128 entries");
}
