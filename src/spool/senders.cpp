// SPDX-License-Identifier: Apache-2.0
#include "spool/senders.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::spool {

namespace {

std::string key_of(const Batch& batch, const Run& run) {
  return batch.installation + "/" + run.nonce;
}

std::string_view installation_of(std::string_view key) {
  return key.substr(0, key.find('/'));
}

}  // namespace

const Senders::Row* Senders::find(std::string_view key) const {
  for (const Rows* rows : {&staged_, &rows_}) {
    const auto at = rows->find(key);
    if (at != rows->end()) return &at->second;
  }
  return nullptr;
}

IdSet Senders::missing(const Batch& batch, const Run& run, const Slice& slice) const {
  const Row* row = find(key_of(batch, run));
  return row != nullptr ? without(places_of(slice), row->stored(slice)) : places_of(slice);
}

// The places of all items of the slice's record that are stored.
IdSet Senders::Row::stored(const Slice& slice) const {
  if (ids.contains(slice.id)) return places_of(slice);
  const auto part = std::find_if(parts.begin(), parts.end(), [&slice](const Part& one) {
    return one.id == slice.id && one.of == slice.record_items();
  });
  return part != parts.end() ? part->places : IdSet();
}

// Ids of which anything is stored; `first` may have moved up past some that came in part.
IdSet Senders::Row::seen() const {
  IdSet seen = ids;
  for (const Part& part : parts) {
    if (part.id >= first) seen.add(part.id);
  }
  return seen;
}

void Senders::Row::add(const Slice& slice) {
  if (ids.contains(slice.id)) return;
  Part part{slice.id, slice.record_items(), joined(stored(slice), places_of(slice))};
  std::erase_if(parts, [&slice](const Part& one) { return one.id == slice.id; });
  if (!slice.is_piece() || part.places.count() == part.of) {
    ids.add(slice.id);
  } else {
    parts.push_back(std::move(part));
  }
}

void Senders::Row::keep_bounds() {
  while (ids.ranges().size() > kMaxRanges) {
    const IdRange lowest = ids.ranges().front();
    ids.remove(lowest.first, lowest.last);
    first = ids.ranges().front().first;
  }
  while (ranges_of_parts() > kMaxParts)
    parts.erase(parts.begin());
}

std::size_t Senders::Row::ranges_of_parts() const {
  std::size_t sum = 0;
  for (const Part& part : parts)
    sum += part.places.ranges().size();
  return sum;
}

void Senders::stage(const Batch& batch, base::UnixNanos now) {
  for (const Run& run : batch.runs) {
    const std::string key = key_of(batch, run);
    const Row* before = find(key);
    Row row = before != nullptr ? *before : Row{run.first, now, now, 0, {}, {}, {}};
    row.last = now;
    row.peer = batch.peer;
    for (const Slice& slice : run.slices) {
      if (!intersect(row.stored(slice), places_of(slice)).empty()) ++row.repeats;
      row.add(slice);
    }
    row.keep_bounds();
    staged_.insert_or_assign(key, std::move(row));
  }
}

void Senders::keep_staged() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, row] : staged_) {
    const auto at = rows_.find(key);
    if (at == rows_.end()) {
      make_room(installation_of(key));
    } else {
      ranges_ -= at->second.ranges();
    }
    ranges_ += row.ranges();
    rows_.insert_or_assign(key, std::move(row));
  }
  staged_.clear();
  while (ranges_ > kMaxAllRanges)
    forget(longest_silent(""));
}

// The commit failed, and may be on the disk all the same: the rows as they were must follow.
void Senders::forget_staged() {
  for (const auto& [key, row] : staged_)
    dirty_.insert(key);
  staged_.clear();
}

void Senders::make_room(std::string_view installation) {
  const auto starts = std::count_if(rows_.begin(), rows_.end(), [&](const auto& row) {
    return installation_of(row.first) == installation;
  });
  if (static_cast<std::size_t>(starts) >= kMaxStarts) {
    forget(longest_silent(installation));
  } else if (rows_.size() >= kMaxRows) {
    forget(longest_silent(""));
  }
}

// Of this installation, or of all.
Senders::Rows::const_iterator Senders::longest_silent(std::string_view installation) const {
  auto longest = rows_.end();
  for (auto at = rows_.begin(); at != rows_.end(); ++at) {
    if (!installation.empty() && installation_of(at->first) != installation) continue;
    if (longest == rows_.end() || at->second.last < longest->second.last) longest = at;
  }
  return longest;
}

void Senders::forget(Rows::const_iterator row) {
  ranges_ -= row->second.ranges();
  dirty_.insert(row->first);
  rows_.erase(row);
}

std::map<std::string, std::string> Senders::owed() const {
  std::map<std::string, std::string> values;
  for (const std::string& key : dirty_) {
    const Row* row = find(key);
    values[std::string(kPrefix) + key] = row != nullptr ? write(*row) : "";
  }
  for (const auto& [key, row] : staged_)
    values[std::string(kPrefix) + key] = write(row);
  return values;
}

void Senders::all_owed() {
  for (const auto& [key, row] : rows_)
    dirty_.insert(key);
}

// "FIRST SINCE LAST REPEATS IDS…\nPEER[\nID/ITEMS PLACES…]…"
std::string Senders::write(const Row& row) {
  const std::string_view peer = std::string_view(row.peer).substr(0, row.peer.find('\n'));
  std::string text = fmt::format("{} {} {} {} {}\n{}", row.first, row.since, row.last, row.repeats,
                                 format_ids(row.ids), peer);
  for (const Part& part : row.parts)
    text += fmt::format("\n{}/{} {}", part.id, part.of, format_ids(part.places));
  return text;
}

void Senders::restore(std::string_view name, std::string_view value) {
  if (!name.starts_with(kPrefix) || value.empty()) return;
  name.remove_prefix(kPrefix.size());
  std::string_view rest = text::next_line(value).value_or("");
  Row row;
  if (!text::parse_into(text::next_field(rest), row.first) ||
      !text::parse_into(text::next_field(rest), row.since) ||
      !text::parse_into(text::next_field(rest), row.last) ||
      !text::parse_into(text::next_field(rest), row.repeats)) {
    return;
  }
  auto ids = parse_ids(rest);
  if (!ids) return;
  row.ids = std::move(*ids);
  row.peer = std::string(text::next_line(value).value_or(""));
  row.parts = read_parts(value);
  row.keep_bounds();
  const std::lock_guard lock(mutex_);
  // What came while the file could not be read is newer.
  const std::size_t ranges = row.ranges();
  if (rows_.try_emplace(std::string(name), std::move(row)).second) ranges_ += ranges;
}

// What cannot be read is taken for not stored.
std::vector<Senders::Part> Senders::read_parts(std::string_view lines) {
  std::vector<Part> parts;
  while (auto line = text::next_line(lines)) {
    const auto name = text::split_once(text::next_field(*line), '/');
    auto places = parse_ids(*line);
    Part part;
    if (!name || !places || places->empty() || !text::parse_into(name->head, part.id) ||
        !text::parse_into(name->tail, part.of) || places->ranges().back().last >= part.of) {
      continue;
    }
    part.places = std::move(*places);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<SenderReport> Senders::report() const {
  const std::lock_guard lock(mutex_);
  std::vector<SenderReport> reports;
  std::vector<IdRange> spans;  // of the starts of the last one
  for (const auto& [key, row] : rows_) {
    const std::string_view installation = installation_of(key);
    if (reports.empty() || reports.back().installation != installation) {
      reports.emplace_back();
      reports.back().installation = std::string(installation);
      spans.clear();
    }
    SenderReport& report = reports.back();
    report.since = report.since == 0 ? row.since : std::min(report.since, row.since);
    if (row.last >= report.last) report.peer = row.peer;
    report.last = std::max(report.last, row.last);
    report.repeats += row.repeats;
    const IdSet seen = row.seen();
    if (seen.empty()) continue;
    const IdRange span{std::min(row.first, seen.ranges().front().first), seen.ranges().back().last};
    report.records += row.ids.count();
    report.missing += span.last - span.first + 1 - row.ids.count();
    // One machine gives each id once, whatever start it is.
    report.is_cloned =
        report.is_cloned || std::any_of(spans.begin(), spans.end(), [&span](const IdRange& other) {
          return span.first <= other.last && other.first <= span.last;
        });
    spans.push_back(span);
  }
  return reports;
}

std::vector<SenderReport> report_senders(const std::map<std::string, std::string>& values) {
  Senders senders;
  for (const auto& [name, value] : values)
    senders.restore(name, value);
  return senders.report();
}

}  // namespace edgehaul::spool
