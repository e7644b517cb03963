// SPDX-License-Identifier: Apache-2.0
#include "forward/job.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>
#include <utility>

#include "otlp/request.hpp"

namespace edgehaul::forward {

namespace {

otlp::Signal signal_of(const spool::Record& record) {
  return static_cast<otlp::Signal>(record.signal);
}

}  // namespace

Job::Job(std::vector<spool::Record> records, std::size_t max_bytes) {
  add(std::move(records), max_bytes);
}

void Job::add(std::vector<spool::Record> records, std::size_t max_bytes) {
  const std::size_t begin = records_.size();
  std::move(records.begin(), records.end(), std::back_inserter(records_));
  fates_.resize(records_.size());
  std::deque<Part> parts;
  for (std::size_t i = begin; i < records_.size(); ++i) {
    queue_record(i, max_bytes, parts);
    const auto is_of_it = [i](const Part& part) { return part.first == i && part.piece; };
    const auto pieces = std::count_if(parts.begin(), parts.end(), is_of_it);
    if (pieces == 0) continue;
    fates_[i].open_parts = static_cast<std::uint32_t>(pieces);
    std::string().swap(records_[i].body);  // the pieces hold it now
  }
  // Before the suspects, who wait for what becomes of these.
  parts_.insert(parts_.begin(), std::make_move_iterator(parts.begin()),
                std::make_move_iterator(parts.end()));
}

// Joins the last part where that is possible: same signal, within the bound, not profiles (their
// dictionaries would collide).
void Job::queue_record(std::size_t index, std::size_t max_bytes, std::deque<Part>& out) const {
  const spool::Record& record = records_[index];
  if (record.body.size() > max_bytes) {
    auto pieces = otlp::split(signal_of(record), record.body, max_bytes);
    if (pieces && pieces->size() > 1) {
      for (std::string& piece : *pieces)
        out.push_back({index, 1, std::move(piece), 0, std::nullopt});
      return;
    }
  }
  if (!out.empty() && !out.back().piece && record.signal != spool::Signal::profiles &&
      records_[out.back().first].signal == record.signal) {
    std::size_t bytes = record.body.size();
    for (std::size_t i = out.back().first; i < index; ++i)
      bytes += records_[i].body.size();
    if (bytes <= max_bytes) {
      ++out.back().count;
      return;
    }
  }
  out.push_back({index, 1, std::nullopt, 0, std::nullopt});
}

otlp::Signal Job::signal() const {
  return signal_of(records_[parts_.front().first]);
}

// Concatenated messages merge (protobuf encoding, "Last One Wins").
std::string Job::body() const {
  const Part& part = parts_.front();
  if (part.piece) return *part.piece;
  std::size_t size = 0;
  for (std::size_t i = part.first; i < part.first + part.count; ++i)
    size += records_[i].body.size();
  std::string out;
  out.reserve(size);
  for (std::size_t i = part.first; i < part.first + part.count; ++i)
    out += records_[i].body;
  return out;
}

std::uint64_t Job::items() const {
  const Part& part = parts_.front();
  std::uint64_t sum = 0;
  for (std::size_t i = part.first; i < part.first + part.count; ++i)
    sum += records_[i].items;
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
    if (--fates_[i].open_parts == 0) close(i);
  }
}

// The front part is one record or a piece of one. Other pieces of it are still sent: what can
// arrive shall, and the whole record is set aside for people.
void Job::refuse(const std::string& words) {
  const std::size_t index = parts_.front().first;
  parts_.pop_front();
  touched_ = true;
  Fate& fate = fates_[index];
  if (!fate.is_refused) fate.words = words;
  fate.is_refused = true;
  if (--fate.open_parts == 0) close(index);
}

void Job::close(std::size_t index) {
  spool::Record& record = records_[index];
  const Fate& fate = fates_[index];
  const auto outcome = fate.is_refused ? spool::Outcome::rejected : spool::Outcome::delivered;
  if (settled_.empty() || fate.is_refused || settled_.back().outcome != outcome)
    settled_.push_back({outcome, {}, 0, fate.words});
  settled_.back().ids.push_back(record.id);
  settled_.back().items += record.items;
  std::string().swap(record.body);
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
  Part& part = parts_.front();
  auto halves = otlp::halve(signal(), part.piece ? *part.piece : records_[part.first].body);
  if (!halves) return false;
  touched_ = true;
  const std::size_t index = part.first;
  ++fates_[index].open_parts;
  std::string().swap(records_[index].body);  // the pieces hold it now
  parts_.pop_front();
  parts_.push_front({index, 1, std::move(halves->second), 0, std::nullopt});
  parts_.push_front({index, 1, std::move(halves->first), 0, std::nullopt});
  return true;
}

void Job::bisect() {
  touched_ = true;
  const Part part = std::move(parts_.front());
  parts_.pop_front();
  const std::size_t half = part.count / 2;
  parts_.push_front({part.first + half, part.count - half, std::nullopt, 0, std::nullopt});
  parts_.push_front({part.first, half, std::nullopt, 0, std::nullopt});
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
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (fates_[i].open_parts > 0) ids.push_back(records_[i].id);
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
  for (const spool::Record& record : records_)
    last = std::max(last, record.id);
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
