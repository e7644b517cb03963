// SPDX-License-Identifier: Apache-2.0
#include "spool/batch.hpp"

#include <algorithm>

#include <sys/random.h>

#include "base/text.hpp"
#include "spool/stored.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kInstallation = 32;
constexpr std::size_t kNonce = 16;

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_sound(const Slice& slice) {
  return slice.id != 0 && slice.id < kMaxId && slice.length != 0;
}

// "ID:LENGTH,LENGTH…": ids that follow each other.
bool parse_records(const text::Halves& halves, std::vector<Slice>& slices) {
  Slice slice;
  if (!text::parse_into(halves.head, slice.id)) return false;
  std::string_view rest = halves.tail;
  for (bool more = true; more; ++slice.id) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (!text::parse_into(rest.substr(0, comma), slice.length) || !is_sound(slice)) return false;
    slices.push_back(slice);
    more = comma < rest.size();
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return true;
}

// "ID/ITEM-ITEM/ITEMS:LENGTH".
bool parse_piece(const text::Halves& halves, std::vector<Slice>& slices) {
  const auto outer = text::split_once(halves.head, '/');
  const auto inner = outer ? text::split_once(outer->tail, '/') : std::nullopt;
  const auto ends = inner ? text::split_once(inner->head, '-') : std::nullopt;
  Slice slice;
  std::uint32_t last = 0;
  if (!ends || !text::parse_into(outer->head, slice.id) ||
      !text::parse_into(ends->head, slice.from) || !text::parse_into(ends->tail, last) ||
      !text::parse_into(inner->tail, slice.of) || !text::parse_into(halves.tail, slice.length)) {
    return false;
  }
  if (slice.from > last || last >= slice.of || !is_sound(slice)) return false;
  slice.items = last - slice.from + 1;
  slices.push_back(slice);
  return true;
}

bool parse_slices(std::string_view text, std::vector<Slice>& slices) {
  const auto halves = text::split_once(text, ':');
  if (!halves) return false;
  const bool is_piece = halves->head.find('/') != std::string_view::npos;
  return is_piece ? parse_piece(*halves, slices) : parse_records(*halves, slices);
}

// `next`: the id that needs no saying.
std::string format_slice(const Slice& slice, RecordId next) {
  if (slice.is_piece()) {
    return fmt::format(" {}/{}-{}/{}:{}", slice.id, slice.from, slice.from + slice.items - 1,
                       slice.of, slice.length);
  }
  return slice.id == next ? fmt::format(",{}", slice.length)
                          : fmt::format(" {}:{}", slice.id, slice.length);
}

}  // namespace

IdSet places_of(const Slice& slice) {
  IdSet places;
  places.add(slice.from, slice.from + std::max<std::uint64_t>(slice.items, 1) - 1);
  return places;
}

std::uint64_t Batch::bytes() const {
  std::uint64_t sum = 0;
  for (const Run& run : runs) {
    for (const Slice& slice : run.slices)
      sum += slice.length;
  }
  return sum;
}

std::string format_batch(const Batch& batch) {
  if (batch.empty()) return {};
  std::string out = fmt::format("{} {}", kVersion, batch.installation);
  for (const Run& run : batch.runs) {
    out += fmt::format(" {}@{}", run.nonce, run.first);
    RecordId next = 0;
    for (const Slice& slice : run.slices) {
      out += format_slice(slice, next);
      next = slice.is_piece() ? 0 : slice.id + 1;
    }
  }
  return out.size() <= kMaxBatchHeader ? out : std::string();
}

Result<Batch> parse_batch(std::string_view text) {
  const auto bad = [](std::string_view what) {
    return fail(Errc::malformed, "{}: {}", kBatchHeader, what);
  };
  if (text.size() > kMaxBatchHeader) return bad("too long");
  if (text::next_field(text) != kVersion) return bad("not a version that is known here");
  Batch batch;
  batch.installation = std::string(text::next_field(text));
  if (!is_hex(batch.installation, kInstallation)) return bad("no installation id");
  for (auto field = text::next_field(text); !field.empty(); field = text::next_field(text)) {
    if (const auto start = text::split_once(field, '@')) {
      Run run;
      if (!is_hex(start->head, kNonce) || !text::parse_into(start->tail, run.first)) {
        return bad("not the start of a process");
      }
      run.nonce = std::string(start->head);
      batch.runs.push_back(std::move(run));
    } else if (batch.runs.empty() || !parse_slices(field, batch.runs.back().slices)) {
      return bad("not a record's id and length");
    }
  }
  if (batch.runs.empty()) return bad("names no record");
  return batch;
}

std::string random_hex(std::size_t bytes) {
  std::string out;
  while (out.size() < 2 * bytes) {
    unsigned char byte = 0;
    // Interrupted at most before the kernel's pool is ready.
    if (::getrandom(&byte, 1, 0) == 1) out += fmt::format("{:02x}", byte);
  }
  return out;
}

}  // namespace edgehaul::spool
