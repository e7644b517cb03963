// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <array>

#include <doctest/doctest.h>

namespace text = edgehaul::text;

TEST_CASE("text: lines come without newlines and the last needs none") {
  std::string_view body = "a b\n\nlast";
  CHECK(text::next_line(body) == "a b");
  CHECK(text::next_line(body) == "");
  CHECK(text::next_line(body) == "last");
  CHECK_FALSE(text::next_line(body).has_value());
}

TEST_CASE("text: fields skip runs of blanks") {
  std::string_view line = "  cpu0\t12   7 ";
  CHECK(text::next_field(line) == "cpu0");
  CHECK(text::next_field(line) == "12");
  CHECK(text::next_field(line) == "7");
  CHECK(text::next_field(line).empty());
  CHECK(text::nth_field("a b c", 2) == "c");
  CHECK(text::nth_field("a b c", 3).empty());
}

TEST_CASE("text: halves around the first and the last mark") {
  CHECK(text::split_once("eth0:1: 5", ':')->head == "eth0");
  CHECK(text::split_last("eth0:1: 5", ':')->head == "eth0:1");
  CHECK_FALSE(text::split_once("none", ':').has_value());
}

TEST_CASE("text: a number must eat all of its input") {
  struct Row {
    std::string_view input;
    bool good;
  };
  for (const Row& row : std::to_array<Row>({{"0", true},
                                            {"18446744073709551615", true},
                                            {"18446744073709551616", false},
                                            {"", false},
                                            {"12kB", false},
                                            {"-1", false},
                                            {" 1", false},
                                            {"max", false}})) {
    CAPTURE(row.input);
    CHECK(text::parse_u64(row.input).has_value() == row.good);
  }
  CHECK(text::parse_u64("ff", 16) == 255);
  CHECK(text::parse_i64("-9") == -9);
  CHECK(text::parse_double("0.25") == 0.25);
  CHECK_FALSE(text::parse_double("0.25s").has_value());
  int untouched = 7;
  CHECK_FALSE(text::parse_into("x", untouched));
  CHECK(untouched == 7);
}

TEST_CASE("text: globs") {
  struct Row {
    std::string_view pattern;
    std::string_view text;
    bool match;
  };
  for (const Row& row :
       std::to_array<Row>({{"*", "", true},
                           {"veth*", "veth12ab", true},
                           {"veth*", "eth0", false},
                           {"/var/lib/kubelet/*", "/var/lib/kubelet/pods/x/y", true},
                           {"loop[0-9]", "loop7", true},
                           {"loop[!0-9]", "loop7", false},
                           {"a?c", "abc", true},
                           {"a\\*c", "a*c", true},
                           {"a\\*c", "abc", false},
                           {"[", "[", true},
                           {"a*b*c", "axxbyyc", true},
                           {"a*b*c", "axxbyy", false}})) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK(text::glob_match(row.pattern, row.text) == row.match);
  }
}

TEST_CASE("text: a hostile glob ends in good time") {
  const std::string subject(5000, 'a');
  std::string pattern;
  for (int i = 0; i < 50; ++i)
    pattern += "a*";
  CHECK_FALSE(text::glob_match(pattern + "b", subject));
}

TEST_CASE("text: UTF-8 is judged by RFC 3629") {
  CHECK(text::is_utf8("Grüße \xF0\x9F\x8C\x8D"));
  for (const std::string_view bad :
       {"\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80"}) {
    CHECK_FALSE(text::is_utf8(bad));
    CHECK(text::is_utf8(text::to_utf8(bad)));
  }
  // Wherever it stands among the eight bytes that are looked at together.
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 12; ++after) {
      const std::string head(before, 'a');
      const std::string tail(after, 'z');
      CHECK(text::is_utf8(head + "é日🌍" + tail));
      CHECK_FALSE(text::is_utf8(head + "\xE2\x82" + tail));
      CHECK_FALSE(text::is_utf8(head + "\x80" + tail));
    }
  }
  CHECK(text::to_utf8("a\xFF"
                      "b") ==
        "a\xEF\xBF\xBD"
        "b");
}

TEST_CASE("text: the nearest key is suggested only when it is near") {
  constexpr auto kKeys = std::to_array<std::string_view>({"interval", "endpoint", "compression"});
  CHECK(text::nearest("intervall", kKeys) == "interval");
  CHECK(text::nearest("compresion", kKeys) == "compression");
  CHECK(text::nearest("zzz", kKeys).empty());
}
