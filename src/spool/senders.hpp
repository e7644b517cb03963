// SPDX-License-Identifier: Apache-2.0
// Which records of which sender are stored: the other half of one hop without duplicates. A commit
// stages what it stores and either keeps or forgets that; the rows go into the same transaction.
// Bounded: the sender that was silent longest goes first, then a sender's lowest ids; both can only
// let a repeat through, never lose a record. Spool thread, but for report().
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
  std::uint64_t missing = 0;  // ids between stored ones: still to come, or dropped by the sender
  std::uint64_t repeats = 0;  // came again and were not stored again
  bool is_cloned = false;     // two machines share the installation
};

class Senders {
 public:
  static constexpr std::size_t kMaxRows = 4096;   // starts of all senders
  static constexpr std::size_t kMaxStarts = 64;   // of one installation
  static constexpr std::size_t kMaxRanges = 512;  // of one start
  static constexpr std::size_t kMaxAllRanges = 1U << 16;
  // Rows are named values of the spool.
  static constexpr std::string_view kPrefix = ".sender.";

  // True: stored already, by an earlier commit or by what is staged.
  bool contains(const Batch& batch, const Run& run, RecordId id) const;
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
  struct Row {
    RecordId first = 0;  // ids below it are not looked for
    base::UnixNanos since = 0;
    base::UnixNanos last = 0;
    std::uint64_t repeats = 0;
    std::string peer;
    IdSet ids;
  };
  using Rows = std::map<std::string, Row, std::less<>>;  // by installation and nonce

  const Row* find(std::string_view key) const;
  void make_room(std::string_view installation);
  Rows::const_iterator longest_silent(std::string_view installation) const;
  void forget(Rows::const_iterator row);
  static std::string write(const Row& row);

  mutable std::mutex mutex_;  // over rows_: report() reads what the spool's thread writes
  Rows rows_;
  Rows staged_;
  std::size_t ranges_ = 0;  // of all rows_
  std::set<std::string> dirty_;
};

// What the rows of one file tell, for looking from outside.
std::vector<SenderReport> report_senders(const std::map<std::string, std::string>& values);

}  // namespace edgehaul::spool
