// SPDX-License-Identifier: Apache-2.0
#include "base/codec.hpp"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "base/crc32c.hpp"

namespace codec = edgehaul::codec;
using codec::Coding;
using edgehaul::Errc;

TEST_CASE("codec: every coding gives back what it was given") {
  std::string big;
  for (int i = 0; i < 40'000; ++i)
    big += std::to_string(i * 7919 % 1000);
  for (const Coding coding : {Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd}) {
    CAPTURE(codec::coding_name(coding));
    for (const std::string& plain : {std::string(), std::string("x"), big}) {
      const auto coded = codec::encode(coding, plain);
      REQUIRE(coded.has_value());
      CHECK(codec::decode(coding, *coded, plain.size()) == plain);
      if (coding != Coding::identity && !plain.empty()) {
        const auto cut =
            codec::decode(coding, std::string_view(*coded).substr(0, coded->size() / 2), 1 << 20);
        CHECK(cut.error().code == Errc::malformed);
      }
    }
    CHECK(codec::parse_coding(codec::coding_name(coding)) == coding);
  }
}

TEST_CASE("codec: a block of lz4 needs its exact size, and is no coding of HTTP") {
  std::string big;
  for (int i = 0; i < 40'000; ++i)
    big += std::to_string(i * 7919 % 1000);
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100, 'x'), big}) {
    for (const int level : {0, 1, 4, 64}) {
      const auto coded = codec::encode(Coding::lz4, plain, level);
      REQUIRE(coded.has_value());
      CHECK(codec::decode(Coding::lz4, *coded, plain.size()) == plain);
      CHECK(codec::decode(Coding::lz4, *coded, plain.size() + 1000) == plain);
      if (plain.empty()) continue;
      CHECK(codec::decode(Coding::lz4, *coded, plain.size() - 1).error().code == Errc::malformed);
      const auto cut = std::string_view(*coded).substr(0, coded->size() - 1);
      CHECK(codec::decode(Coding::lz4, cut, plain.size()).error().code == Errc::malformed);
    }
  }
  CHECK(codec::encode(Coding::lz4, big).value().size() < big.size());
  for (const std::string_view garbage : {"", "\xFF\xFF\xFF", "\x11y\x09\x09"}) {
    CHECK(codec::decode(Coding::lz4, garbage, 1000).error().code == Errc::malformed);
  }
  CHECK_FALSE(codec::parse_coding("lz4").has_value());
  CHECK(codec::coding_name(Coding::lz4) == "lz4");
}

TEST_CASE("codec: what was coded before leaves no trace") {
  const std::string first(3000, 'a');
  const std::string second = "bcd" + std::string(50, 'a');
  const auto wanted = codec::encode(Coding::gzip, second, 6);
  REQUIRE(wanted.has_value());
  for (const int level : {6, 1, 6, 9, 6}) {
    for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::gzip}) {
      const auto coded = codec::encode(coding, first, level);
      REQUIRE(coded.has_value());
      CHECK(codec::decode(coding, *coded, first.size()) == first);
    }
    CHECK(codec::encode(Coding::gzip, second, 6).value() == *wanted);
  }
}

TEST_CASE("codec: a bomb is refused at the limit") {
  const std::string zeros(64 << 20, '\0');
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::identity}) {
    CAPTURE(codec::coding_name(coding));
    const auto coded = codec::encode(coding, zeros);
    CHECK(codec::decode(coding, *coded, 1 << 20).error().code == Errc::too_large);
  }
}

TEST_CASE("codec: garbage is malformed, members and frames in a row are one body") {
  for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd}) {
    CHECK(codec::decode(coding, "this is not compressed", 1000).error().code == Errc::malformed);
  }
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    const std::string two = *codec::encode(coding, "ab") + *codec::encode(coding, "cd");
    CHECK(codec::decode(coding, two, 100) == "abcd");
  }
  const std::string tail = *codec::encode(Coding::deflate, "ab") + "junk";
  CHECK(codec::decode(Coding::deflate, tail, 100).error().code == Errc::malformed);
}

TEST_CASE("codec: what a zstd frame claims to become is not believed") {
  // RFC 8878 §3.1.1: magic, one segment with a content size of eight bytes, one raw block "hi".
  const auto frame = [](std::uint64_t claimed) {
    std::string bytes("\x28\xB5\x2F\xFD\xE0", 5);
    for (int shift = 0; shift < 64; shift += 8)
      bytes += static_cast<char>(claimed >> shift & 0xFF);
    return bytes + std::string("\x11\x00\x00hi", 5);
  };
  CHECK(codec::decode(Coding::zstd, frame(2), 100).value_or("fault") == "hi");
  CHECK(codec::decode(Coding::zstd, frame(2) + frame(2), 100).value_or("fault") == "hihi");
  CHECK(codec::decode(Coding::zstd, frame(2), 1).error().code == Errc::too_large);
  for (const std::uint64_t lie : {1ULL, 3ULL, 1ULL << 20, 1ULL << 40, ~0ULL, ~0ULL - 1}) {
    CAPTURE(lie);
    CHECK(codec::decode(Coding::zstd, frame(lie), 1 << 26).error().code == Errc::malformed);
  }
}

TEST_CASE("codec: a zstd frame need not say what it becomes") {
  // One block that says "x" so many times, a window of 128 KiB or by its descriptor.
  const auto frame = [](std::uint32_t count, char window) {
    std::string bytes("\x28\xB5\x2F\xFD\x00", 5);
    bytes += window;
    const std::uint32_t header = 1U | 1U << 1 | count << 3;
    for (unsigned shift = 0; shift < 24; shift += 8)
      bytes += static_cast<char>(header >> shift & 0xFF);
    return bytes + 'x';
  };
  for (const std::uint32_t count : {1U, 90U, 100'000U}) {
    CAPTURE(count);
    CHECK(codec::decode(Coding::zstd, frame(count, '\x38'), count) == std::string(count, 'x'));
    CHECK(codec::decode(Coding::zstd, frame(count, '\x38'), count - 1).error().code ==
          Errc::too_large);
    const std::string twice = frame(count, '\x38') + frame(count, '\x38');
    CHECK(codec::decode(Coding::zstd, twice, 1 << 20) == std::string(2 * count, 'x'));
    bool is_single = false;  // 8 MiB, as the Collector's encoder writes
    CHECK(codec::decode(Coding::zstd, frame(count, '\x68'), count, &is_single) ==
          std::string(count, 'x'));
    CHECK(is_single);
    for (const char window : {'\x69', '\x70', '\xF8'}) {  // 9 MiB, 16 and more than there is
      CHECK(codec::decode(Coding::zstd, frame(count, window), 1 << 20).error().code ==
            Errc::malformed);
    }
  }
}

TEST_CASE("codec: tells one member or frame from several") {
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    CAPTURE(codec::coding_name(coding));
    for (const std::string& plain : {std::string(), std::string("abc"), std::string(90'000, 'x')}) {
      const std::string one = codec::encode(coding, plain).value();
      const std::string empty = codec::encode(coding, "").value();
      bool is_single = false;
      CHECK(codec::decode(coding, one, 100'000, &is_single) == plain);
      CHECK(is_single);
      for (const std::string& several : {one + empty, empty + one}) {
        is_single = true;
        CHECK(codec::decode(coding, several, 100'000, &is_single) == plain);
        CHECK_FALSE(is_single);
      }
    }
  }
  bool is_single = false;
  const std::string skipped("\x5A\x2A\x4D\x18\x02\x00\x00\x00xy", 10);
  CHECK(codec::decode(Coding::zstd, skipped + *codec::encode(Coding::zstd, "abc"), 9, &is_single) ==
        "abc");
  CHECK_FALSE(is_single);
}

TEST_CASE("codec: zstd formats from before RFC 8878 are refused, first and later in a body") {
  // A frame of format 0.7 with a block that Debian's library would unfold.
  const std::string old("\x27\xB5\x2F\xFD\x04\x00\xFB\xFF\x00", 9);
  for (const std::size_t limit : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 20}) {
    const auto plain = codec::decode(Coding::zstd, old, limit);
    REQUIRE_FALSE(plain.has_value());
    CHECK(plain.error().code == Errc::malformed);
    CHECK(plain.error().message == "not zstd: unknown magic number at byte 0");
  }
  const auto frame = codec::encode(Coding::zstd, "abc");
  const auto behind = codec::decode(Coding::zstd, *frame + old, 100);
  REQUIRE_FALSE(behind.has_value());
  CHECK(behind.error().message ==
        "not zstd: unknown magic number at byte " + std::to_string(frame->size()));
  // RFC 8878 §3.1.2: what is to be skipped is, in front and behind.
  const std::string skipped("\x5A\x2A\x4D\x18\x02\x00\x00\x00xy", 10);
  CHECK(codec::decode(Coding::zstd, skipped + *frame + skipped, 100) == "abc");
}

TEST_CASE("codec: what a gzip body says at its end must be so") {
  const std::string plain(5000, 'x');
  const auto coded = codec::encode(Coding::gzip, plain);
  REQUIRE(coded.has_value());
  for (const std::uint32_t lie : {0U, 1U, 4999U, 5001U, 1U << 20, ~0U}) {
    CAPTURE(lie);
    std::string body = coded->substr(0, coded->size() - 4);
    for (unsigned shift = 0; shift < 32; shift += 8)
      body += static_cast<char>(lie >> shift & 0xFF);
    CHECK(codec::decode(Coding::gzip, body, 1 << 26).error().code == Errc::malformed);
  }
  std::string wrong = *coded;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // its CRC
  CHECK(codec::decode(Coding::gzip, wrong, 1 << 26).error().code == Errc::malformed);
}

TEST_CASE("codec: names are forgiving") {
  CHECK(codec::parse_coding("GZIP ") == Coding::gzip);
  CHECK(codec::parse_coding("") == Coding::identity);
  CHECK_FALSE(codec::parse_coding("br").has_value());
}

TEST_CASE("crc32c: the check value and continuation") {
  CHECK(edgehaul::base::crc32c("123456789") == 0xE3069283U);
  CHECK(edgehaul::base::crc32c("56789", edgehaul::base::crc32c("1234")) == 0xE3069283U);
  CHECK(edgehaul::base::crc32c("") == 0);
}
