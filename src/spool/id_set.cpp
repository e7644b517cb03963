// SPDX-License-Identifier: Apache-2.0
#include "spool/id_set.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::spool {

void IdSet::add(RecordId first, RecordId last) {
  if (first > last) return;
  const auto from =
      std::lower_bound(ranges_.begin(), ranges_.end(), first,
                       [](const IdRange& range, RecordId id) { return range.last + 1 < id; });
  auto to = from;
  IdRange merged{first, last};
  while (to != ranges_.end() && to->first <= last + 1) {
    merged.first = std::min(merged.first, to->first);
    merged.last = std::max(merged.last, to->last);
    ++to;
  }
  if (from == to) {
    ranges_.insert(from, merged);
    return;
  }
  *from = merged;
  ranges_.erase(from + 1, to);
}

void IdSet::remove(RecordId first, RecordId last) {
  if (first > last) return;
  const auto from =
      std::lower_bound(ranges_.begin(), ranges_.end(), first,
                       [](const IdRange& range, RecordId id) { return range.last < id; });
  auto to = from;
  std::vector<IdRange> rest;
  while (to != ranges_.end() && to->first <= last) {
    if (to->first < first) rest.push_back({to->first, first - 1});
    if (to->last > last) rest.push_back({last + 1, to->last});
    ++to;
  }
  const auto at = ranges_.erase(from, to);
  ranges_.insert(at, rest.begin(), rest.end());
}

std::optional<IdRange> IdSet::range_of(RecordId id) const {
  const auto at =
      std::lower_bound(ranges_.begin(), ranges_.end(), id,
                       [](const IdRange& range, RecordId wanted) { return range.last < wanted; });
  if (at == ranges_.end() || at->first > id) return std::nullopt;
  return *at;
}

std::uint64_t IdSet::count() const {
  std::uint64_t sum = 0;
  for (const IdRange& range : ranges_)
    sum += range.last - range.first + 1;
  return sum;
}

std::vector<RecordId> IdSet::list() const {
  std::vector<RecordId> ids;
  for (const IdRange& range : ranges_) {
    for (RecordId id = range.first; id <= range.last; ++id)
      ids.push_back(id);
  }
  return ids;
}

IdSet without(IdSet a, const IdSet& b) {
  for (const IdRange& range : b.ranges())
    a.remove(range.first, range.last);
  return a;
}

IdSet joined(IdSet a, const IdSet& b) {
  for (const IdRange& range : b.ranges())
    a.add(range.first, range.last);
  return a;
}

IdSet intersect(const IdSet& a, const IdSet& b) {
  IdSet both;
  auto left = a.ranges().begin();
  auto right = b.ranges().begin();
  while (left != a.ranges().end() && right != b.ranges().end()) {
    const RecordId first = std::max(left->first, right->first);
    const RecordId last = std::min(left->last, right->last);
    both.add(first, last);
    if (left->last < right->last) {
      ++left;
    } else {
      ++right;
    }
  }
  return both;
}

std::string format_ids(const IdSet& ids) {
  std::string text;
  for (const IdRange& range : ids.ranges()) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}", range.first);
    if (range.last != range.first) text += fmt::format("-{}", range.last);
  }
  return text;
}

Result<IdSet> parse_ids(std::string_view text) {
  IdSet ids;
  for (auto field = text::next_field(text); !field.empty(); field = text::next_field(text)) {
    const auto halves = text::split_once(field, '-');
    IdRange range;
    const bool reads = halves ? text::parse_into(halves->head, range.first) &&
                                    text::parse_into(halves->tail, range.last)
                              : text::parse_into(field, range.first);
    if (!halves) range.last = range.first;
    if (!reads || range.first > range.last || range.last >= kMaxId) {
      return fail(Errc::malformed, "{}: not a range of ids", field);
    }
    ids.add(range.first, range.last);
  }
  return ids;
}

}  // namespace edgehaul::spool
