// SPDX-License-Identifier: Apache-2.0
// A connection's bytes through the request reader, at once and in small pieces: both must see the
// same requests and stay within the limits. The first byte chooses the size of
// the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/require.hpp"
#include "http/request_reader.hpp"
#include "http/target.hpp"

using namespace edgehaul;
using fuzz::require;
using http::RequestReader;
using State = RequestReader::State;

namespace {

constexpr std::size_t kMaxHeader = 2048;
constexpr std::size_t kMaxBody = 4096;

std::string written(const RequestReader& reader, const http::ServerRequest& request) {
  std::string out = request.method + ' ' + request.target + '\n';
  for (const auto& [name, value] : request.headers)
    out += name + ": " + value + '\n';
  out += reader.keep_alive() ? "stays\n" : "closes\n";
  return out + request.body;
}

// As a session does: what is left over is offered again, with the next bytes behind it.
std::vector<std::string> read_all(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> seen;
  RequestReader reader(kMaxHeader, kMaxBody);
  std::string held;
  while (!bytes.empty()) {
    held += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (bool goes_on = true; goes_on;) {
      std::string_view input = held;
      State state = reader.feed(input);
      if (state == State::head) state = reader.read_body();
      const std::size_t used = held.size() - input.size();
      held.erase(0, used);
      require(reader.body_size() <= kMaxBody);
      goes_on = used > 0 && !held.empty();
      if (state == State::done) {
        seen.push_back(written(reader, reader.request()));
        reader.reset();
        goes_on = !held.empty();
      } else if (state == State::failed) {
        const int status = reader.fault_status();
        require(status >= 400 && status < 600 && !reader.keep_alive());
        return seen;
      }
    }
    require(held.size() <= kMaxHeader + piece);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::view(data + 1, size - 1);
  const std::size_t piece = data[0] % 32 + 1;
  require(read_all(bytes, bytes.size()) == read_all(bytes, piece));
  return 0;
}
