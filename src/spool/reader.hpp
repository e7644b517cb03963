// SPDX-License-Identifier: Apache-2.0
// Looks into a spool without touching it: one in use, one of a stopped agent (with a log left over
// or not), in a read-only folder, or damaged. It reads the files' pages with pread and nothing
// else: no SQLite, no lock, no -shm, no copy, so that neither the folder nor the owner can notice.
// For the CLI; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spool/id_set.hpp"
#include "spool/page_file.hpp"
#include "spool/record.hpp"
#include "spool/row_reader.hpp"
#include "spool/stored.hpp"

namespace edgehaul::spool {

class Reader {
 public:
  // `path` is the spool's folder, or one database file in it (a damaged or newer one set aside).
  static Result<Reader> open(const std::string& path);

  struct Entry {
    RecordId id = 0;        // of a block of frames: its last record's
    IdSet ids;              // of all records in this row
    std::uint8_t kind = 0;  // 1: request, 2: frames; others are of a newer edgehaul
    Signal signal = Signal::metrics;
    Origin origin = Origin::own;
    base::UnixNanos time = 0;
    std::uint32_t items = 0;
    std::uint64_t size = 0;     // of the body
    std::uint64_t stored = 0;   // of it on disk
    std::vector<bool> settled;  // per destination, in the order of destinations()
  };
  // Up to `limit` rows with a greater id than `after`, by ascending id.
  Result<std::vector<Entry>> records(RecordId after, std::size_t limit);
  // One record with its body, checked. Errc::absent: there is none; malformed: it is damaged.
  Result<Record> record(RecordId id);
  // All records of the row that is listed under this id.
  Result<std::vector<Record>> row(RecordId id);

  struct SetAside {
    std::uint64_t number = 0;  // its place in the table
    std::string destination;   // "" when the spool found it damaged
    base::UnixNanos since = 0;
    std::string words;
    Entry entry;  // without `settled`
  };
  Result<std::vector<SetAside>> set_aside(std::size_t limit = 10'000);
  Result<Record> set_aside_record(std::uint64_t number);

  struct Destination {
    std::string name;
    IdSet settled;  // ids that are still held for others
  };
  Result<std::vector<Destination>> destinations();
  Result<std::map<std::string, std::string>> values();

  struct Verification {
    std::uint64_t records = 0;  // intact
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;            // stored
    std::uint64_t damaged_records = 0;  // CRC32C or packing
    std::uint64_t damaged_pages = 0;    // of the tree of records
    std::uint64_t damaged_shapes = 0;   // rows and pages; each is kept twice, so that it costs none
    std::uint64_t unknown_kinds = 0;    // of a newer edgehaul; intact
    std::uint32_t pages = 0;
    std::uint32_t log_frames = 0;
    bool has_log_tail = false;  // bytes behind the last whole commit: a torn write, harmless
    std::map<std::string, std::string> first_problem;  // kind of problem → where and what
    bool is_sound() const { return damaged_records == 0 && damaged_pages == 0; }
    void count(const RowHead& intact);
  };
  Result<Verification> verify();

  // The pid in the lock file while its lock is held; nullopt: nobody owns the spool.
  std::optional<std::string> owner() const;
  std::int64_t format() const { return format_; }  // user_version

 private:
  explicit Reader(PageFile file) : file_(std::move(file)) {}
  Result<void> refresh();
  Result<std::uint32_t> root(std::string_view table);
  // Runs `read` on a snapshot, again on a new one when the owner moved pages meanwhile.
  Result<StoredRecord> stored(RecordId id);  // the row that holds it
  Result<std::vector<frame::Frame>> frames_in(const StoredRecord& row);
  Result<std::vector<Record>> unpacked(StoredRecord row);
  Result<frame::AnchorPtr> anchor(std::uint64_t id);
  Result<Store::ShapeRow> shape(std::uint64_t id) const;
  Result<void> check(const RowHead& head, const Cell& cell);
  Result<void> verify_table(bool is_frames, Verification& result);
  bool verify_rows(std::uint32_t table, bool is_frames, RecordId& after, Verification& result);
  Result<void> verify_shapes(Verification& result);
  template <class Read>
  auto consistently(Read read) -> decltype(read());

  std::string folder_;
  std::string path_;
  PageFile file_;
  std::int64_t format_ = 0;
  std::uint64_t anchor_id_ = 0;  // the last one read; an id never stands for other bytes
  frame::AnchorPtr anchor_;
};

}  // namespace edgehaul::spool
