// SPDX-License-Identifier: Apache-2.0
#include "http/chunked.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::http {
namespace {

constexpr std::size_t kMaxLine = 4096;
// Bytes of extensions and trailers in one body; a peer that needs more is playing.
constexpr std::size_t kMaxExtra = 64 * 1024;

}  // namespace

ChunkedDecoder::State ChunkedDecoder::feed(std::string_view& input, std::string& body,
                                           std::size_t limit) {
  while (!input.empty() && part_ != Part::done) {
    if (part_ == Part::data) {
      take_data(input, body);
      continue;
    }
    bool is_whole = false;
    if (!take_line(input, is_whole)) return State::malformed;
    if (is_whole && !finish_line(limit - std::min(limit, body.size()))) return State::malformed;
  }
  return part_ == Part::done ? State::done : State::more;
}

// Lines end with CRLF; a lone LF or CR is refused, since two readers of it may differ.
bool ChunkedDecoder::take_line(std::string_view& input, bool& is_whole) {
  const std::size_t end = input.find('\n');
  const std::string_view piece = input.substr(0, end == input.npos ? end : end + 1);
  if (line_.size() + piece.size() > kMaxLine) return false;
  line_.append(piece);
  input.remove_prefix(piece.size());
  is_whole = end != input.npos && line_.back() == '\n';
  if (!is_whole) return true;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return false;
  line_.resize(line_.size() - 2);
  return line_.find('\r') == line_.npos;
}

bool ChunkedDecoder::finish_line(std::size_t body_room) {
  bool is_good = true;
  if (part_ == Part::size) {
    is_good = start_chunk(body_room);
  } else if (part_ == Part::data_end) {
    is_good = line_.empty();
    part_ = Part::size;
  } else {
    extra_ += line_.size();
    is_good = extra_ <= kMaxExtra;
    if (line_.empty()) part_ = Part::done;
  }
  line_.clear();
  return is_good;
}

bool ChunkedDecoder::start_chunk(std::size_t body_room) {
  std::string_view digits = line_;
  if (const auto halves = text::split_once(digits, ';')) {
    extra_ += halves->tail.size();
    // Blanks before the ';' are "bad whitespace" that recipients must accept.
    digits = text::trim(halves->head);
  }
  const bool is_number = !digits.empty() && digits.front() != '-' && digits.front() != '+' &&
                         text::parse_into(digits, remaining_, 16);
  if (!is_number || extra_ > kMaxExtra) return false;
  if (remaining_ > body_room) {
    is_too_large_ = true;
    return false;
  }
  part_ = remaining_ == 0 ? Part::trailer : Part::data;
  return true;
}

void ChunkedDecoder::take_data(std::string_view& input, std::string& body) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  body.append(input.substr(0, count));
  input.remove_prefix(count);
  remaining_ -= count;
  if (remaining_ == 0) part_ = Part::data_end;
}

}  // namespace edgehaul::http
