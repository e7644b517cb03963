// SPDX-License-Identifier: Apache-2.0
// One lease on its way to one destination: which bytes go next, and what an answer means for the
// records. Merges records of a signal, splits what is too large, bisects what is refused until the
// guilty record is alone. Knows no time and no network. Owned by a Sender.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.hpp"
#include "forward/verdict.hpp"
#include "otlp/request.hpp"
#include "otlp/signal.hpp"
#include "spool/batch.hpp"
#include "spool/spool.hpp"

namespace edgehaul::forward {

// Records whose fate is known; the spool is to be told.
struct Settlement {
  spool::Outcome outcome = spool::Outcome::delivered;
  std::vector<spool::RecordId> ids;
  std::uint64_t items = 0;
  std::string words;
};

enum class Next : std::uint8_t {
  go_on,  // send the next part at once
  wait,   // after a back-off
};

class Job {
 public:
  // A record over `max_bytes` is sent in pieces from the start.
  Job(std::vector<spool::Record> records, std::size_t max_bytes);

  bool is_done() const { return parts_.empty(); }
  // Of the next request:
  otlp::Signal signal() const;
  codec::Coding coding() const;   // what body() lies under: as it lies in the spool, or identity
  std::string_view body() const;  // until the next call of apply() or add()
  std::size_t size() const;       // of body() without its coding
  // body() without its coding; `room` holds it where it has one.
  Result<std::string_view> plain_body(std::string& room) const;
  std::size_t record_count() const { return parts_.front().count; }
  // Of which records body() is made, or of which items of one.
  std::vector<spool::Slice> slices() const;
  std::uint64_t items() const;  // for a piece of a record: of the whole record

  // The answer to the request that body() made.
  Next apply(const Verdict& verdict);
  std::vector<Settlement> take_settled();
  // Of those not taken yet.
  bool has_refused() const;

  // Nothing was learned or partly delivered: giving the records back forgets nothing.
  bool is_untouched() const { return !touched_; }
  std::vector<spool::RecordId> open_ids() const;

  // A doubtful answer alone does not condemn a record: others must have been accepted since. When
  // only such suspects are left, records behind them are needed to tell who is at fault.
  bool wants_company() const;
  spool::RecordId last_id() const;
  void add(std::vector<spool::Record> records, std::size_t max_bytes);
  // So many suspects and nothing accepted: the server is at fault; give all back.
  bool is_hopeless() const;

  static constexpr unsigned kDoubtfulTries = 4;    // of one part, before it is cut or suspected
  static constexpr unsigned kSlowTries = 3;        // timeouts of one part, before it is cut
  static constexpr std::size_t kMaxSuspects = 16;  // records

 private:
  struct Part {
    std::size_t first = 0;  // index into entries_
    std::size_t count = 1;
    std::optional<otlp::Piece> piece;  // some of the record
    std::uint64_t from = 0;            // of a piece: its first item's place in the record
    unsigned tries = 0;
    std::optional<std::uint64_t> suspect_since;  // accepted_ when it became one
  };
  // A record: where its bytes are in bytes_, and what is known of its fate.
  struct Entry {
    spool::RecordId id = 0;
    std::uint64_t items = 0;
    std::uint64_t of = 0;  // items that its pieces have together; 0: it is in one
    otlp::Signal signal = otlp::Signal::metrics;
    std::size_t offset = 0;
    std::size_t size = 0;
    codec::Coded coded;            // as it lies in the spool; nothing of it is in bytes_ then
    std::uint32_t open_parts = 1;  // 0: settled
    bool is_refused = false;
    std::string words;
  };

  void keep(std::vector<spool::Record> records);
  void queue_entry(std::size_t index, std::size_t max_bytes, std::deque<Part>& out);
  bool queue_pieces(std::size_t index, std::size_t max_bytes, std::deque<Part>& out);
  bool can_join(const Part& part, const Entry& entry, std::size_t max_bytes) const;
  const Entry* as_it_lies() const;
  Result<std::string_view> plain_of(const Entry& entry, std::string& room) const;
  std::string_view bytes_of(const Part& part) const;
  spool::Slice slice_of(const Part& part) const;
  void forget_bytes(Entry& entry);
  void accept();
  void refuse(const std::string& words);
  void close(std::size_t index);
  bool cut();
  bool cut_record();
  void bisect();
  Next doubt(const Verdict& verdict);
  bool has_evidence(const Part& part) const;

  std::string bytes_;  // all plain bodies in a row: a run of records is a request without a copy
  std::vector<Entry> entries_;
  std::deque<Part> parts_;  // in the order of sending
  std::vector<Settlement> settled_;
  std::uint64_t accepted_ = 0;  // requests
  bool touched_ = false;
};

}  // namespace edgehaul::forward
