// SPDX-License-Identifier: Apache-2.0
// A set of record ids kept as ascending ranges: progress is a few long runs, settled out of order.
// Pure; each object belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spool/record.hpp"

namespace edgehaul::spool {

// No id reaches this (AUTOINCREMENT ends at 2^63 - 1); one more or less than an id is a number too.
inline constexpr RecordId kMaxId = 1ULL << 62;

struct IdRange {
  RecordId first = 0;
  RecordId last = 0;  // inclusive

  bool operator==(const IdRange&) const = default;
};

class IdSet {
 public:
  void add(RecordId first, RecordId last);
  void add(RecordId id) { add(id, id); }
  void remove(RecordId first, RecordId last);
  void clear() { ranges_.clear(); }

  bool contains(RecordId id) const { return range_of(id).has_value(); }
  std::optional<IdRange> range_of(RecordId id) const;
  bool empty() const { return ranges_.empty(); }
  std::uint64_t count() const;
  std::vector<RecordId> list() const;
  const std::vector<IdRange>& ranges() const { return ranges_; }  // ascending, never adjacent

  bool operator==(const IdSet&) const = default;

 private:
  std::vector<IdRange> ranges_;
};

IdSet intersect(const IdSet& a, const IdSet& b);
IdSet without(IdSet a, const IdSet& b);
IdSet joined(IdSet a, const IdSet& b);

// "1-500 612 700-703", the form kept in the destinations table.
std::string format_ids(const IdSet& ids);
Result<IdSet> parse_ids(std::string_view text);

}  // namespace edgehaul::spool
