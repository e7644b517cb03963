// SPDX-License-Identifier: Apache-2.0
#include "http/chunked.hpp"

#include <doctest/doctest.h>

using edgehaul::http::ChunkedDecoder;
using State = ChunkedDecoder::State;

namespace {

struct Outcome {
  State state = State::more;
  std::string body;
  std::string rest;
  bool is_too_large = false;
};

// Feeds `input` in pieces of `step` bytes.
Outcome decode(std::string_view input, std::size_t step, std::size_t limit = 1000) {
  ChunkedDecoder decoder;
  Outcome out;
  while (!input.empty() && out.state == State::more) {
    std::string_view piece = input.substr(0, step);
    input.remove_prefix(piece.size());
    out.state = decoder.feed(piece, out.body, limit);
    if (out.state == State::done) out.rest = std::string(piece) + std::string(input);
  }
  out.is_too_large = decoder.is_too_large();
  return out;
}

}  // namespace

TEST_CASE("chunked: table, whole and in pieces") {
  struct Row {
    std::string_view input;
    State state;
    std::string_view body;
    std::string_view rest;
  };
  const Row rows[] = {
      {"0\r\n\r\n", State::done, "", ""},
      {"5\r\nhello\r\n0\r\n\r\nGET /", State::done, "hello", "GET /"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", State::done, "hello world", ""},
      {"a\r\n0123456789\r\n0\r\n\r\n", State::done, "0123456789", ""},
      {"00A ; x=\"y\"\r\n0123456789\r\n000;last\r\nt: 1\r\nu: 2\r\n\r\n", State::done, "0123456789",
       ""},
      {"2\r\n\r\n\r\n0\r\n\r\n", State::done, "\r\n", ""},
      {"5\r\nhel", State::more, "hel", ""},
      {"5\r\nhello\r\n0\r\n", State::more, "hello", ""},
      {"5\r\nhello\r\n0\r\nt: 1\r\n", State::more, "hello", ""},
      {"\r\n", State::malformed, "", ""},
      {"x\r\n", State::malformed, "", ""},
      {"-1\r\n", State::malformed, "", ""},
      {"+1\r\na\r\n", State::malformed, "", ""},
      {"0x1\r\na\r\n", State::malformed, "", ""},
      {"1 2\r\na\r\n", State::malformed, "", ""},
      {"fffffffffffffffff\r\n", State::malformed, "", ""},
      {"1\nb\n0\n\n", State::malformed, "", ""},
      {"1\r\r\nb", State::malformed, "", ""},
      {"5\r\nhelloX\r\n", State::malformed, "hello", ""},
      {"5\r\nhello0\r\n\r\n", State::malformed, "hello", ""},
  };
  for (const Row& row : rows) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, row.input.size()}) {
      CAPTURE(row.input);
      CAPTURE(step);
      const Outcome out = decode(row.input, step);
      CHECK(out.state == row.state);
      CHECK(out.body == row.body);
      CHECK(out.rest == row.rest);
      CHECK_FALSE(out.is_too_large);
    }
  }
}

TEST_CASE("chunked: bounds") {
  CHECK(decode("5\r\nhello\r\n0\r\n\r\n", 100, 5).state == State::done);
  const Outcome over = decode("3\r\nhel\r\n3\r\nlo!\r\n", 100, 5);
  CHECK(over.state == State::malformed);
  CHECK(over.is_too_large);
  CHECK(over.body == "hel");
  CHECK(decode("ffffffffffffffff\r\n", 100).is_too_large);

  CHECK(decode("1;" + std::string(5000, 'x'), 100).state == State::malformed);
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "1;" + std::string(100, 'x') + "\r\na\r\n";
  CHECK(decode(many, 4096, 100'000).state == State::malformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i)
    trailers += "x: " + std::string(100, 'x') + "\r\n";
  CHECK(decode(trailers, 4096).state == State::malformed);
}
