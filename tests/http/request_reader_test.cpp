// SPDX-License-Identifier: Apache-2.0
#include "http/request_reader.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace edgehaul;
using http::RequestReader;
using State = RequestReader::State;

namespace {

constexpr std::size_t kMaxHeader = 256;

// A header block of exactly `size` bytes.
std::string header_of(std::size_t size) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  return begin + std::string(size - begin.size() - 4, 'y') + "\r\n\r\n";
}

// 0 when the request was taken, else the status of the fault.
int judge(std::string_view bytes, std::size_t piece) {
  RequestReader reader(kMaxHeader, 1024);
  std::string held;
  State state = State::header;
  while (!bytes.empty() && state == State::header) {
    held += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::string_view input = held;
    state = reader.feed(input);
    held.erase(0, held.size() - input.size());
  }
  REQUIRE(state != State::header);
  return reader.fault_status();
}

}  // namespace

TEST_CASE("request reader: the limit of the header holds however its bytes come") {
  for (const std::size_t piece : {1UL, 3UL, 64UL, 255UL, 256UL, 257UL, 4096UL}) {
    CAPTURE(piece);
    CHECK(judge(header_of(kMaxHeader), piece) == 0);
    CHECK(judge(header_of(kMaxHeader + 1), piece) == 431);
    CHECK(judge(header_of(3 * kMaxHeader), piece) == 431);
  }
}
