// SPDX-License-Identifier: Apache-2.0
// Which records of which sender are stored, and of those that came in pieces which items: the other
// half of one hop without duplicates. A commit stages what it stores and either keeps or forgets
// that; the rows go into the same transaction. Bounded: the sender that was silent longest goes
// first, then a sender's lowest ids, and of records in pieces the one of which none came for the
// longest; all of it can only let a repeat through, never lose a record. Spool thread, but for
// report().
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "spool/batch.hpp"
#include "spool/id_set.hpp"

namespace edgehaul::spool {

// One installation, all its starts together.
struct SenderReport {
  std::string peer;  // the name it was last seen under
  std::string installation;
  base::UnixNanos since = 0;  // when it was first seen
  base::UnixNanos last = 0;   // when it was last seen
  std::uint64_t records = 0;  // stored
  // Ids between stored ones, and those stored in part: still to come, or dropped by the sender.
  std::uint64_t missing = 0;
  std::uint64_t repeats = 0;  // records and pieces that came again and were not stored again
  bool is_cloned = false;     // two machines share the installation
};

class Senders {
 public:
  static constexpr std::size_t kMaxRows = 4096;   // starts of all senders
  static constexpr std::size_t kMaxStarts = 64;   // of one installation
  static constexpr std::size_t kMaxRanges = 512;  // of one start
  static constexpr std::size_t kMaxParts = 256;   // ranges of items of one start
  static constexpr std::size_t kMaxAllRanges = 1U << 16;
  // Rows are named values of the spool.
  static constexpr std::string_view kPrefix = ".sender.";

  // The places of the slice's items that are not stored yet, by an earlier commit or by what is
  // staged; empty: all are.
  IdSet missing(const Batch& batch, const Run& run, const Slice& slice) const;
  // In this transaction: the slices of `batch` are stored, or were found stored.
  void stage(const Batch& batch, base::UnixNanos now);
  void keep_staged();
  void forget_staged();

  // Rows that the file does not have yet, as named values; an empty value: the row is gone.
  std::map<std::string, std::string> owed() const;
  void saved() { dirty_.clear(); }
  void all_owed();  // the file is a new one
  bool owes() const { return !dirty_.empty() || !staged_.empty(); }

  // A row of the file; unreadable ones are skipped: repeats may then be stored twice.
  void restore(std::string_view name, std::string_view value);

  std::vector<SenderReport> report() const;  // any thread

 private:
  // A record that came in pieces and is not whole yet. Its sender may number the items anew (an
  // edgehaul that counts differently): what was stored before then says nothing.
  struct Part {
    RecordId id = 0;
    std::uint32_t of = 0;  // items that the record has
    IdSet places;          // of the items that are stored
  };
  struct Row {
    RecordId first = 0;  // ids below it are not looked for
    base::UnixNanos since = 0;
    base::UnixNanos last = 0;
    std::uint64_t repeats = 0;
    std::string peer;
    IdSet ids;
    std::vector<Part> parts;  // the one that a piece came of last is last

    IdSet stored(const Slice& slice) const;
    IdSet seen() const;
    void add(const Slice& slice);
    void keep_bounds();
    std::size_t ranges() const { return ids.ranges().size() + ranges_of_parts(); }
    std::size_t ranges_of_parts() const;
  };
  using Rows = std::map<std::string, Row, std::less<>>;  // by installation and nonce

  const Row* find(std::string_view key) const;
  void make_room(std::string_view installation);
  Rows::const_iterator longest_silent(std::string_view installation) const;
  void forget(Rows::const_iterator row);
  static std::string write(const Row& row);
  static std::vector<Part> read_parts(std::string_view lines);

  mutable std::mutex mutex_;  // over rows_: report() reads what the spool's thread writes
  Rows rows_;
  Rows staged_;
  std::size_t ranges_ = 0;  // of all rows_
  std::set<std::string> dirty_;
};

// What the rows of one file tell, for looking from outside.
std::vector<SenderReport> report_senders(const std::map<std::string, std::string>& values);

}  // namespace edgehaul::spool
