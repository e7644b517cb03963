// SPDX-License-Identifier: Apache-2.0
#include "forward/job.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>
#include <utility>

namespace edgehaul::forward {

Job::Job(std::vector<spool::Record> records, std::size_t max_bytes) {
  add(std::move(records), max_bytes);
}

void Job::add(std::vector<spool::Record> records, std::size_t max_bytes) {
  const std::size_t begin = entries_.size();
  keep(std::move(records));
  std::deque<Part> parts;
  for (std::size_t i = begin; i < entries_.size(); ++i)
    queue_entry(i, max_bytes, parts);
  // Before the suspects, who wait for what becomes of these.
  parts_.insert(parts_.begin(), std::make_move_iterator(parts.begin()),
                std::make_move_iterator(parts.end()));
}

void Job::keep(std::vector<spool::Record> records) {
  std::size_t total = bytes_.size();
  for (const spool::Record& record : records)
    total += record.body.size();
  for (spool::Record& record : records) {
    Entry entry;
    entry.id = record.id;
    entry.items = record.items;
    entry.signal = static_cast<otlp::Signal>(record.signal);
    entry.offset = bytes_.size();
    entry.coded = std::move(record.coded);
    entry.size = entry.coded.bytes.empty() ? record.body.size() : record.size;
    entries_.push_back(std::move(entry));
    if (bytes_.empty()) {
      bytes_ = std::move(record.body);
    } else {
      bytes_.reserve(total);
      bytes_ += std::exchange(record.body, {});  // gone at once: a lease may be large
    }
  }
}

void Job::queue_entry(std::size_t index, std::size_t max_bytes, std::deque<Part>& out) {
  const Entry& entry = entries_[index];
  if (entry.size > max_bytes && queue_pieces(index, max_bytes, out)) return;
  if (!out.empty() && can_join(out.back(), entry, max_bytes)) {
    ++out.back().count;
  } else {
    out.push_back({index, 1, std::nullopt, 0, 0, std::nullopt});
  }
}

bool Job::queue_pieces(std::size_t index, std::size_t max_bytes, std::deque<Part>& out) {
  Entry& entry = entries_[index];
  std::string room;
  const auto plain = plain_of(entry, room);
  if (!plain) return false;
  auto pieces = otlp::split(entry.signal, *plain, max_bytes);
  if (!pieces || pieces->size() < 2) return false;
  entry.open_parts = static_cast<std::uint32_t>(pieces->size());
  forget_bytes(entry);
  for (otlp::Piece& piece : *pieces) {
    const std::uint64_t from = std::exchange(entry.of, entry.of + piece.items);
    out.push_back({index, 1, std::move(piece), from, 0, std::nullopt});
  }
  return true;
}

// Concatenated messages merge (protobuf encoding, "Last One Wins"), but for profiles, whose
// dictionaries would collide.
bool Job::can_join(const Part& part, const Entry& entry, std::size_t max_bytes) const {
  const Entry& first = entries_[part.first];
  return !part.piece && entry.signal == first.signal && entry.signal != otlp::Signal::profiles &&
         first.coded.bytes.empty() && entry.coded.bytes.empty() &&
         entry.offset + entry.size - first.offset <= max_bytes;
}

// Pieces hold the bytes now; what lies last in the buffer can go.
void Job::forget_bytes(Entry& entry) {
  if (!entry.coded.bytes.empty()) {
    entry.coded = {};
    return;
  }
  if (entry.offset + entry.size != bytes_.size()) return;
  bytes_.resize(entry.offset);
  bytes_.shrink_to_fit();
}

otlp::Signal Job::signal() const {
  return entries_[parts_.front().first].signal;
}

// The record that the next request is made of, where it goes as it lies.
const Job::Entry* Job::as_it_lies() const {
  const Part& part = parts_.front();
  const Entry& entry = entries_[part.first];
  return part.piece || entry.coded.bytes.empty() ? nullptr : &entry;
}

codec::Coding Job::coding() const {
  const Entry* const entry = as_it_lies();
  return entry != nullptr ? entry->coded.coding : codec::Coding::identity;
}

std::string_view Job::body() const {
  const Entry* const entry = as_it_lies();
  return entry != nullptr ? entry->coded.bytes : bytes_of(parts_.front());
}

std::size_t Job::size() const {
  const Entry* const entry = as_it_lies();
  return entry != nullptr ? entry->size : bytes_of(parts_.front()).size();
}

Result<std::string_view> Job::plain_body(std::string& room) const {
  const Entry* const entry = as_it_lies();
  return entry != nullptr ? plain_of(*entry, room) : body();
}

Result<std::string_view> Job::plain_of(const Entry& entry, std::string& room) const {
  if (entry.coded.bytes.empty()) {
    return std::string_view(bytes_).substr(entry.offset, entry.size);
  }
  auto plain = codec::decode(entry.coded.coding, entry.coded.bytes, entry.size);
  if (!plain) return pass(std::move(plain.error()));
  return room = std::move(*plain);
}

std::string_view Job::bytes_of(const Part& part) const {
  if (part.piece) return part.piece->bytes;
  const Entry& first = entries_[part.first];
  const Entry& last = entries_[part.first + part.count - 1];
  return std::string_view(bytes_).substr(first.offset, last.offset + last.size - first.offset);
}

std::vector<spool::Slice> Job::slices() const {
  const Part& part = parts_.front();
  std::vector<spool::Slice> slices;
  if (part.piece) return {slice_of(part)};
  for (std::size_t i = part.first; i < part.first + part.count; ++i)
    slices.push_back({entries_[i].id, static_cast<std::uint32_t>(entries_[i].size)});
  return slices;
}

spool::Slice Job::slice_of(const Part& part) const {
  const Entry& entry = entries_[part.first];
  return {entry.id, static_cast<std::uint32_t>(part.piece->bytes.size()),
          static_cast<std::uint32_t>(part.piece->items), static_cast<std::uint32_t>(part.from),
          static_cast<std::uint32_t>(entry.of)};
}

std::uint64_t Job::items() const {
  const Part& part = parts_.front();
  std::uint64_t sum = 0;
  for (std::size_t i = part.first; i < part.first + part.count; ++i)
    sum += entries_[i].items;
  return sum;
}

Next Job::apply(const Verdict& verdict) {
  assert(!parts_.empty());
  switch (verdict.kind) {
    case Kind::delivered:
      accept();
      return Next::go_on;
    case Kind::split:
      if (!cut()) refuse(verdict.words);
      return Next::go_on;
    case Kind::reject:
      if (parts_.front().count > 1) {
        bisect();
      } else {
        refuse(verdict.words);
      }
      return Next::go_on;
    case Kind::doubtful:
      return doubt(verdict);
    case Kind::retry:
      // A request that never fits into the time that one may take would wait for ever.
      if (verdict.is_slow && ++parts_.front().tries >= kSlowTries) cut();
      return Next::wait;
    case Kind::hold:
      break;
  }
  return Next::wait;
}

void Job::accept() {
  const Part part = std::move(parts_.front());
  parts_.pop_front();
  ++accepted_;
  touched_ = touched_ || part.piece.has_value();
  for (std::size_t i = part.first; i < part.first + part.count; ++i) {
    if (--entries_[i].open_parts == 0) close(i);
  }
}

// The front part is one record or a piece of one. Other pieces of it are still sent: what can
// arrive shall, and the whole record is set aside for people.
void Job::refuse(const std::string& words) {
  const std::size_t index = parts_.front().first;
  parts_.pop_front();
  touched_ = true;
  Entry& entry = entries_[index];
  if (!entry.is_refused) entry.words = words;
  entry.is_refused = true;
  if (--entry.open_parts == 0) close(index);
}

void Job::close(std::size_t index) {
  const Entry& entry = entries_[index];
  const auto outcome = entry.is_refused ? spool::Outcome::rejected : spool::Outcome::delivered;
  if (settled_.empty() || entry.is_refused || settled_.back().outcome != outcome)
    settled_.push_back({outcome, {}, 0, entry.words});
  settled_.back().ids.push_back(entry.id);
  settled_.back().items += entry.items;
}

bool Job::has_refused() const {
  return std::any_of(settled_.begin(), settled_.end(), [](const Settlement& settlement) {
    return settlement.outcome == spool::Outcome::rejected;
  });
}

std::vector<Settlement> Job::take_settled() {
  return std::exchange(settled_, {});
}

// Two parts for one: by records first, a single record along its inner boundaries.
bool Job::cut() {
  if (parts_.front().count == 1) return cut_record();
  bisect();
  return true;
}

bool Job::cut_record() {
  std::string room;
  const auto plain = plain_body(room);
  if (!plain) return false;
  auto halves = otlp::halve(signal(), *plain);
  if (!halves) return false;
  touched_ = true;
  const Part whole = std::move(parts_.front());
  parts_.pop_front();
  Entry& entry = entries_[whole.first];
  if (!whole.piece) {
    forget_bytes(entry);
    entry.of = halves->first.items + halves->second.items;
  }
  ++entry.open_parts;
  const std::uint64_t middle = whole.from + halves->first.items;
  parts_.push_front({whole.first, 1, std::move(halves->second), middle, 0, std::nullopt});
  parts_.push_front({whole.first, 1, std::move(halves->first), whole.from, 0, std::nullopt});
  return true;
}

void Job::bisect() {
  touched_ = true;
  const Part part = std::move(parts_.front());
  parts_.pop_front();
  const std::size_t half = part.count / 2;
  parts_.push_front({part.first + half, part.count - half, std::nullopt, 0, 0, std::nullopt});
  parts_.push_front({part.first, half, std::nullopt, 0, 0, std::nullopt});
}

bool Job::has_evidence(const Part& part) const {
  return part.suspect_since && accepted_ > *part.suspect_since;
}

Next Job::doubt(const Verdict& verdict) {
  touched_ = true;
  Part& part = parts_.front();
  if (++part.tries < kDoubtfulTries) return Next::wait;
  if (has_evidence(part)) {
    refuse(verdict.words);
    return Next::go_on;
  }
  if (part.count > 1 || (verdict.is_size_suspected && !part.suspect_since)) {
    if (cut()) return Next::wait;
  }
  Part suspect = std::move(parts_.front());
  parts_.pop_front();
  suspect.tries = kDoubtfulTries - 1;  // one more answer decides
  if (!suspect.suspect_since) suspect.suspect_since = accepted_;
  parts_.push_back(std::move(suspect));
  return Next::wait;
}

std::vector<spool::RecordId> Job::open_ids() const {
  std::vector<spool::RecordId> ids;
  for (const Entry& entry : entries_) {
    if (entry.open_parts > 0) ids.push_back(entry.id);
  }
  return ids;
}

bool Job::wants_company() const {
  return !parts_.empty() && std::all_of(parts_.begin(), parts_.end(), [this](const Part& part) {
    return part.suspect_since && !has_evidence(part);
  });
}

spool::RecordId Job::last_id() const {
  spool::RecordId last = 0;
  for (const Entry& entry : entries_)
    last = std::max(last, entry.id);
  return last;
}

bool Job::is_hopeless() const {
  std::set<std::size_t> suspects;
  for (const Part& part : parts_) {
    if (part.suspect_since && !has_evidence(part)) suspects.insert(part.first);
  }
  return suspects.size() > kMaxSuspects;
}

}  // namespace edgehaul::forward
