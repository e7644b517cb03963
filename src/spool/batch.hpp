// SPDX-License-Identifier: Apache-2.0
// Which records of a sender's spool a request is made of, as the header `edgehaul-batch` says it,
// so that a relay stores each of them once. Plain data; parsing is pure and takes untrusted text.
//
//   1 INSTALLATION NONCE@FIRST ID:LENGTH[,LENGTH…][ ID:…] [ID/ITEM-ITEM/ITEMS:LENGTH …] [NONCE@…]
//
// The form with slashes is a piece of a record that was too large for one request: its first and
// its last item, from 0, and how many the record has. A receiver that does not know it takes the
// request for one without names.
//
// A record is named by its installation (128 bits, new when the state was wiped), the start of the
// process that made it (64 random bits and the first id it gave) and its id. Two machines from one
// disk image share the installation, and after their first start no name but those of records that
// the image itself held.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spool/id_set.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

inline constexpr std::string_view kBatchHeader = "edgehaul-batch";
// Longer ones are not sent and not read; servers stop at 8 KiB for all headers together.
inline constexpr std::size_t kMaxBatchHeader = 4096;

struct Slice {
  RecordId id = 0;
  std::uint32_t length = 0;  // bytes of the body, in the order of the slices
  std::uint32_t items = 0;   // of a whole record not in the header: whoever reads the body counts
  std::uint32_t from = 0;    // of a piece: its first item's place in the record
  std::uint32_t of = 0;      // the record's items, if this is a piece of one; 0: it is all of it

  bool is_piece() const { return of != 0; }
  std::uint32_t record_items() const { return is_piece() ? of : items; }

  bool operator==(const Slice&) const = default;
};

// Where the slice's items are in its record. A record without items counts as one.
IdSet places_of(const Slice& slice);

// Records that one start of one sender made.
struct Run {
  std::string nonce;   // 16 hexadecimal digits
  RecordId first = 0;  // the first id that this start gave
  std::vector<Slice> slices;

  bool operator==(const Run&) const = default;
};

struct Batch {
  std::string installation;  // 32 hexadecimal digits
  std::vector<Run> runs;
  std::string peer;  // whom the receiver takes the sender for; for people
  // Cuts a slice's bytes down to those of its items whose places in the record are given. Called on
  // the spool's thread; null: what is stored in part is stored again as a whole.
  std::function<std::string(const Slice& slice, std::string_view bytes, const IdSet& places)> cut =
      nullptr;

  bool empty() const { return runs.empty(); }
  std::uint64_t bytes() const;
};

// Empty when there is nothing to say, or too much.
std::string format_batch(const Batch& batch);
Result<Batch> parse_batch(std::string_view text);

// Hexadecimal digits of random bytes of the kernel.
std::string random_hex(std::size_t bytes);

}  // namespace edgehaul::spool
