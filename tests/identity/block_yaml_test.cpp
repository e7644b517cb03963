// SPDX-License-Identifier: Apache-2.0
#include "identity/block_yaml.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;
using identity::YamlPath;
using identity::YamlScalar;

namespace {

// "a.b=text|a.[]2.c=…" with "?" for what is passed over.
std::string walked(std::string_view text) {
  std::string out;
  identity::walk_block_yaml(text, [&out](YamlPath path, const YamlScalar& scalar) {
    if (!out.empty()) out += '|';
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (i > 0) out += '.';
      out += path[i];
    }
    if (scalar.entry > 0) out += "#" + std::to_string(scalar.entry);
    out += "=" + scalar.text().value_or("?");
  });
  return out;
}

}  // namespace

TEST_CASE("block YAML: what is understood") {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"", ""},
      {"# only a comment\n\n", ""},
      {"a: b", "a=b"},
      {"a: b\r\nc: d\r\n", "a=b|c=d"},
      {"a:\n  b: c\n  d:\n    e: f\n  g: h\ni: j\n", "a.b=c|a.d.e=f|a.g=h|i=j"},
      {"a: b # comment\nc: d#e\n", "a=b|c=d#e"},
      {"a: 'it''s'\nb: \"q\\\"\\\\ #x\" # y\nc: ''\n", "a=it's|b=q\"\\ #x|c="},
      {"\"a b\": c\n'd': e\n", "a b=c|d=e"},
      {"a: ~\nb: null\n", "a=|b="},
      {"a: http://x:80/y\n", "a=http://x:80/y"},
      {"a:\n  - b\n  - c\nd: e\n", "a.[]#1=b|a.[]#2=c|d=e"},
      {"a:\n- b: c\n  d: e\n- b: f\ng: h\n", "a.[].b#1=c|a.[].d#1=e|a.[].b#2=f|g=h"},
      {"a:\n  -\n    b: c\n  -   b: d\n      e: f\n", "a.[].b#1=c|a.[].b#2=d|a.[].e#2=f"},
      {"a:\n  - - b\n    - c\n", "a.[].[]#1=b|a.[].[]#2=c"},
      {"a:\n    b\nc: d\n", "a=b|c=d"},
      {"---\na: b\n...\n---\nc: d\n", "a=b|c=d"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(walked(row.text) == row.expected);
  }
}

TEST_CASE("block YAML: what is passed over shows no text, and its inside shows nothing at all") {
  struct Row {
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"a: |\n  b: c\n\n  d: e\nf: g\n", "a=?|f=g"},
      {"a: >-\n   b: c\nf: g\n", "a=?|f=g"},
      {"a:\n  - |\n    b: c\n  - |\n   d: e\nf: g\n", "a.[]#1=?|a.[]#2=?|f=g"},
      {"a:\n  - b: |\n      c: d\n    e: f\n", "a.[].b#1=?|a.[].e#1=f"},
      {"a: {b: c}\nf: g\n", "a=?|f=g"},
      {"a: {b: c,\n  d: [\n  e: f\n]}\ng: h\n", "a=?|g=h"},
      {"a: {b: \"}\", c: '}'\n}\nf: g\n", "a=?|f=g"},
      {"a: [b, c # ]\n  ]\nf: g\n", "a=?|f=g"},
      {"a: &x b\nc: *x\nd: !!str e\n", "a=?|c=?|d=?"},
      {"a: &x\n  b: c\n", "a=?|a.b=c"},
      {"a: \"b\n  c: d\n  e\" \nf: g\n", "a=?|f=g"},
      {"a: 'b\n  c: d\n  e'\nf: g\n", "a=?|f=g"},
      {"a: b\n  c: d\nf: g\n", "a=?|f=g"},
      {"a: b\n  # c\n\n  d\nf: g\n", "a=?|f=g"},
      {"a: \"\\x41\"\n", "a=?"},
      {"a: b\x01\n", "a=?"},
      {"a:\n\tb: c\n", ""},
      // Never closed: the rest of the text is inside.
      {"a: \"b\nc: d\n", "a=?"},
      {"a: {\nc: d\n", "a=?"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(walked(row.text) == row.expected);
  }
}

TEST_CASE("block YAML: a line that is no pair loses the place, it lends its own to nothing") {
  CHECK(walked("a:\n  b: c\njunk\n  d: e\n") == "a.b=c|=?");
  CHECK(walked("a:\n  b:\n  junk\n  d: e\n") == "=junk|d=e");
}

TEST_CASE("block YAML: depth and size cost nothing") {
  std::string deep;
  for (int i = 0; i < 1000; ++i)
    deep += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  deep += std::string(1000, ' ') + "k: v\nlast: one\n";
  CHECK(walked(deep) == "last=one");
  std::string dashes;
  for (int i = 0; i < 100'000; ++i)
    dashes += "- ";
  CHECK(walked(dashes + "x\nlast: one\n") == "last=one");
  CHECK(walked(std::string(1'000'000, '[') + "\nlast: one\n") == "=?");
  std::string comments = "a: b\n";
  for (int i = 0; i < 100'000; ++i)
    comments += "#\n";
  CHECK(walked(comments + "c: d\n") == "a=b|c=d");
}
