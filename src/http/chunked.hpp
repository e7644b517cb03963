// SPDX-License-Identifier: Apache-2.0
// Decoder of chunked bodies (RFC 9112 section 7.1), fed with whatever arrives. Extensions and
// trailers are skipped, within bounds. Pure; belongs to one reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace edgehaul::http {

class ChunkedDecoder {
 public:
  enum class State : std::uint8_t { more, done, malformed };

  // Takes bytes off `input` and appends data to `body`, at most `limit` bytes of body in all: over
  // it, is_too_large() turns true and decoding ends as malformed. What follows the last chunk's
  // trailers stays in `input`.
  State feed(std::string_view& input, std::string& body, std::size_t limit);
  bool is_too_large() const { return is_too_large_; }

 private:
  enum class Part : std::uint8_t { size, data, data_end, trailer, done };

  bool take_line(std::string_view& input, bool& is_whole);
  bool finish_line(std::size_t body_room);
  bool start_chunk(std::size_t body_room);
  void take_data(std::string_view& input, std::string& body);

  Part part_ = Part::size;
  std::string line_;             // a size or trailer line so far
  std::size_t extra_ = 0;        // bytes spent on extensions and trailers
  std::uint64_t remaining_ = 0;  // of the chunk
  bool is_too_large_ = false;
};

}  // namespace edgehaul::http
