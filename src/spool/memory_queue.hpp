// SPDX-License-Identifier: Apache-2.0
// Records kept in memory while the disk fails, by id, bounded in bytes. Spool thread.
#pragma once

#include <cstdint>
#include <map>

#include "spool/stored.hpp"

namespace edgehaul::spool {

class MemoryQueue {
 public:
  // Of the record itself, beside its body.
  static constexpr std::uint64_t kOverhead = 256;

  using Records = std::map<RecordId, StoredRecord>;

  void add(StoredRecord record) {
    bytes_ += record.stored + kOverhead;
    const RecordId id = record.id;
    records_.emplace(id, std::move(record));
  }
  // The record, or one with id 0.
  StoredRecord take(RecordId id) {
    const auto at = records_.find(id);
    if (at == records_.end()) return {};
    StoredRecord record = std::move(at->second);
    bytes_ -= record.stored + kOverhead;
    records_.erase(at);
    return record;
  }
  const Records& records() const { return records_; }
  bool empty() const { return records_.empty(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Records records_;
  std::uint64_t bytes_ = 0;
};

}  // namespace edgehaul::spool
