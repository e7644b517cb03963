// SPDX-License-Identifier: Apache-2.0
#include "spool/reader.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "spool/row_reader.hpp"
#include "spool/schema.hpp"
#include "spool/shape_shelf.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

namespace {

// The owner checkpoints every few megabytes; a snapshot lasts long enough for one of a few tries.
constexpr int kSnapshots = 20;
constexpr std::size_t kAsideColumns = 15;

Reader::Entry entry_of(const RowHead& head) {
  Reader::Entry entry;
  entry.id = head.id;
  entry.ids = ids_of(head);
  entry.kind = head.kind;
  entry.signal = static_cast<Signal>(head.signal);
  entry.origin = static_cast<Origin>(head.origin);
  entry.time = head.time;
  entry.items = head.items;
  entry.size = head.size;
  entry.stored = head.stored;
  return entry;
}

// Columns 4 to 14 of set_aside are those of a record, its id among them.
StoredRecord aside_record(const std::vector<Column>& row, bool with_body) {
  const auto number = [&](std::size_t i) { return row[i].integer(); };
  StoredRecord record;
  record.id = static_cast<RecordId>(number(4));
  record.kind = static_cast<std::uint8_t>(number(5));
  record.signal = static_cast<std::uint8_t>(number(6));
  record.origin = static_cast<std::uint8_t>(number(7));
  record.coding = static_cast<std::uint8_t>(number(8));
  record.time = number(9);
  record.born = number(10);
  record.items = static_cast<std::uint32_t>(number(11));
  record.size = static_cast<std::uint32_t>(number(12));
  record.crc = static_cast<std::uint32_t>(number(13));
  record.stored = row[14].size;
  if (with_body) record.body = std::string(row[14].bytes);
  return record;
}

// Calls `take(cell, columns)` with whole rows of so many columns; false from it stops.
template <class Take>
void for_rows(const PageFile& file, std::uint32_t root, std::size_t columns, RecordId after,
              Take take) {
  Walk walk;
  walk.after = after;
  walk.cell = [&](const Cell& cell) {
    const auto payload = whole_payload(file, cell);
    const auto row = payload ? columns_of(*payload, cell.size) : std::nullopt;
    return !row || row->size() != columns || take(cell, *row);
  };
  walk_table(file, root, walk);
}

}  // namespace

Result<Reader> Reader::open(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return pass(base::system_error(path, errno));
  const bool is_folder = S_ISDIR(info.st_mode);
  const std::string database = is_folder ? path + "/spool.db" : path;
  auto file = PageFile::open(database);
  if (!file) return pass(std::move(file.error()));
  Reader reader(std::move(*file));
  reader.path_ = database;
  const std::size_t slash = path.rfind('/');
  reader.folder_ = is_folder ? path : slash == std::string::npos ? "." : path.substr(0, slash);
  std::string buffer;
  const auto first = reader.file_.page(1, buffer);
  if (!first) return fail(Errc::malformed, "{}: empty", database);
  if (!first->starts_with("SQLite format 3")) {
    return fail(Errc::malformed, "{}: its header is damaged", database);
  }
  if (static_cast<std::int64_t>(big_endian(*first, 68, 4)) != kApplicationId ||
      big_endian(*first, 16, 2) != PageFile::kPage) {
    return fail(Errc::malformed, "{}: not a spool", database);
  }
  reader.format_ = static_cast<std::int64_t>(big_endian(*first, 60, 4));
  if (reader.format_ > schema_steps().back().to) {
    return fail(Errc::invalid, "{}: format {} of a newer edgehaul", database, reader.format_);
  }
  return reader;
}

Result<void> Reader::refresh() {
  auto file = PageFile::open(path_);
  if (!file) return pass(std::move(file.error()));
  file_ = std::move(*file);
  return {};
}

template <class Read>
auto Reader::consistently(Read read) -> decltype(read()) {
  for (int i = 0;; ++i) {
    auto result = read();
    if (file_.is_current() || i == kSnapshots) return result;
    if (auto fresh = refresh(); !fresh) return pass(std::move(fresh.error()));
  }
}

Result<std::uint32_t> Reader::root(std::string_view table) {
  const auto page = root_of(file_, table);
  if (!page) return fail(Errc::malformed, "{}: no table {}", path_, table);
  return *page;
}

Result<std::vector<Reader::Entry>> Reader::records(RecordId after, std::size_t limit) {
  return consistently([&]() -> Result<std::vector<Entry>> {
    const auto destinations = this->destinations();
    if (!destinations) return pass(Error(destinations.error()));
    std::vector<Entry> entries;
    for (const bool is_frames : {false, true}) {
      std::size_t room = limit;
      const auto table = is_frames ? root_of(file_, "frames") : root_of(file_, "records");
      if (!table) continue;
      Walk walk;
      walk.after = after;
      walk.cell = [&](const Cell& cell) {
        if (room == 0) return false;
        const auto head = is_frames ? frames_head(file_, cell) : record_head(cell);
        if (!head) return true;
        --room;
        entries.push_back(entry_of(*head));
        for (const Destination& one : *destinations) {
          entries.back().settled.push_back(intersect(one.settled, entries.back().ids) ==
                                           entries.back().ids);
        }
        return true;
      };
      walk_table(file_, *table, walk);
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.id < b.id; });
    if (entries.size() > limit) entries.resize(limit);
    return entries;
  });
}

Result<StoredRecord> Reader::stored(RecordId id) {
  Result<StoredRecord> found = fail(Errc::absent, "no record {}", id);
  for (const bool is_frames : {false, true}) {
    const auto table = is_frames ? root_of(file_, "frames") : root_of(file_, "records");
    if (!table || found) continue;
    Walk walk;
    walk.after = id - 1;
    walk.cell = [&](const Cell& cell) {
      const auto head = is_frames ? frames_head(file_, cell) : record_head(cell);
      if (cell.id == id && !head) found = fail(Errc::malformed, "record {} is damaged", id);
      if (!head || !ids_of(*head).contains(id)) return false;
      auto body = record_body(file_, cell);
      if (!body) {
        found = pass(std::move(body.error()));
        return false;
      }
      StoredRecord stored;
      static_cast<RowHead&>(stored) = *head;
      stored.body = std::move(*body);
      found = std::move(stored);
      return false;
    };
    walk_table(file_, *table, walk);
  }
  return found;
}

Result<frame::AnchorPtr> Reader::anchor(std::uint64_t id) {
  if (anchor_id_ == id) return anchor_;
  auto anchor = read_anchor(id, [this](std::uint64_t wanted) { return shape(wanted); });
  if (!anchor) return anchor;
  anchor_id_ = id;
  anchor_ = *anchor;
  return anchor;
}

// Of the copy that is intact.
Result<Store::ShapeRow> Reader::shape(std::uint64_t id) const {
  std::optional<Store::ShapeRow> row;
  Walk walk;
  walk.after = id - 1;
  walk.cell = [&](const Cell& cell) {
    if (cell.id == id) row = shape_row(file_, cell);
    return false;
  };
  for (const std::string_view table : Store::kShapeTables) {
    const auto root = root_of(file_, table);
    if (root) walk_table(file_, *root, walk);
    if (row) return std::move(*row);
  }
  return fail(Errc::malformed, "its shape {} is missing", id);
}

Result<std::vector<frame::Frame>> Reader::frames_in(const StoredRecord& row) {
  frame::AnchorPtr anchor;
  if (row.shape != 0) {
    auto kept = this->anchor(row.shape);
    if (!kept) return within(fmt::format("record {}", row.id), std::move(kept.error()));
    anchor = std::move(*kept);
  }
  return frames_of(row, anchor);
}

Result<std::vector<Record>> Reader::unpacked(StoredRecord row) {
  std::vector<Record> records;
  if (!row.is_frames()) {
    auto record = unpack(std::move(row));
    if (!record) return pass(std::move(record.error()));
    records.push_back(std::move(*record));
    return records;
  }
  const auto frames = frames_in(row);
  if (!frames) return pass(Error(frames.error()));
  const auto ids = row.ids.list();
  for (std::size_t i = 0; i < ids.size(); ++i)
    records.push_back(as_record((*frames)[i], ids[i]));
  return records;
}

Result<Record> Reader::record(RecordId id) {
  auto records = row(id);
  if (!records) return pass(std::move(records.error()));
  for (Record& record : *records) {
    if (record.id == id) return std::move(record);
  }
  return fail(Errc::absent, "no record {}", id);
}

Result<std::vector<Record>> Reader::row(RecordId id) {
  return consistently([&]() -> Result<std::vector<Record>> {
    auto row = stored(id);
    if (!row) return pass(std::move(row.error()));
    return unpacked(std::move(*row));
  });
}

Result<std::vector<Reader::SetAside>> Reader::set_aside(std::size_t limit) {
  return consistently([&]() -> Result<std::vector<SetAside>> {
    const auto table = root("set_aside");
    if (!table) return pass(Error(table.error()));
    std::vector<SetAside> all;
    for_rows(file_, *table, kAsideColumns, 0,
             [&](const Cell& cell, const std::vector<Column>& row) {
               if (all.size() >= limit) return false;
               all.push_back({cell.id, std::string(row[1].bytes), row[2].integer(),
                              std::string(row[3].bytes), entry_of(aside_record(row, false))});
               return true;
             });
    return all;
  });
}

Result<Record> Reader::set_aside_record(std::uint64_t number) {
  return consistently([&]() -> Result<Record> {
    const auto table = root("set_aside");
    if (!table) return pass(Error(table.error()));
    Result<Record> found = fail(Errc::absent, "nothing set aside as {}", number);
    for_rows(file_, *table, kAsideColumns, number - 1,
             [&](const Cell& cell, const std::vector<Column>& row) {
               if (cell.id == number) found = unpack(aside_record(row, true));
               return false;
             });
    return found;
  });
}

Result<std::vector<Reader::Destination>> Reader::destinations() {
  const auto table = root("destinations");
  if (!table) return pass(Error(table.error()));
  std::vector<Destination> all;
  for_rows(file_, *table, 3, 0, [&](const Cell&, const std::vector<Column>& row) {
    auto settled = parse_ids(row[2].bytes);
    all.push_back({std::string(row[1].bytes), settled ? std::move(*settled) : IdSet()});
    return true;
  });
  return all;
}

Result<std::map<std::string, std::string>> Reader::values() {
  return consistently([&]() -> Result<std::map<std::string, std::string>> {
    const auto table = root("named_values");
    if (!table) return pass(Error(table.error()));
    std::map<std::string, std::string> all;
    for_rows(file_, *table, 4, 0, [&](const Cell&, const std::vector<Column>& row) {
      if (crc_of_value(row[1].bytes, row[2].bytes) ==
          static_cast<std::uint32_t>(row[3].integer())) {
        all[std::string(row[1].bytes)] = std::string(row[2].bytes);
      }
      return true;
    });
    return all;
  });
}

Result<Reader::Verification> Reader::verify() {
  Verification result;
  for (const bool is_frames : {false, true}) {
    if (auto done = verify_table(is_frames, result); !done) return pass(std::move(done.error()));
  }
  if (auto done = verify_shapes(result); !done) return pass(std::move(done.error()));
  result.pages = file_.pages();
  result.log_frames = file_.log_frames();
  result.has_log_tail = file_.has_log_tail();
  return result;
}

// Whether the row is what it was when it was written, down to the frames inside.
Result<void> Reader::check(const RowHead& head, const Cell& cell) {
  auto body = record_body(file_, cell);
  if (!body) return pass(std::move(body.error()));
  if (crc_of(head, *body) != head.crc) return fail(Errc::malformed, "its CRC32C does not fit");
  if (!head.is_frames() || !frame::is_readable(*body)) return {};
  StoredRecord row;
  static_cast<RowHead&>(row) = head;
  row.body = std::move(*body);
  if (auto frames = frames_in(row); !frames) return pass(std::move(frames.error()));
  return {};
}

// A whole pass may take longer than any snapshot lives: it goes on from the last id with a new one.
Result<void> Reader::verify_table(bool is_frames, Verification& result) {
  RecordId after = 0;
  int stale = 0;
  for (;;) {
    const auto table = root_of(file_, is_frames ? "frames" : "records");
    if (table) {
      if (verify_rows(*table, is_frames, after, result)) return {};
    } else if (is_frames && format_ < 2) {
      return {};
    } else if (file_.is_current() || ++stale > kSnapshots) {
      return fail(Errc::malformed, "{}: a table is missing", path_);
    }
    if (auto fresh = refresh(); !fresh) return pass(std::move(fresh.error()));
  }
}

// From `after` on, which follows. False where the snapshot ended, or looks damaged because it did:
// the rest is for a new one.
bool Reader::verify_rows(std::uint32_t table, bool is_frames, RecordId& after,
                         Verification& result) {
  bool is_done = true;
  Walk walk;
  walk.after = after;
  walk.damage = [&](std::uint32_t page, std::string_view why) {
    is_done = is_done && file_.is_current();
    if (!is_done) return;
    ++result.damaged_pages;
    result.first_problem.try_emplace("page", fmt::format("page {}: {}", page, why));
  };
  walk.cell = [&](const Cell& cell) {
    is_done = is_done && file_.is_current();
    if (!is_done) return false;
    const auto head = is_frames ? frames_head(file_, cell) : record_head(cell);
    after = cell.id;
    if (head && check(*head, cell)) {
      result.count(*head);
      return true;
    }
    const auto again = row(cell.id);
    if (!again && again.error().code == Errc::malformed) {
      result.damaged_records += head ? ids_of(*head).count() : 1;
      result.first_problem.try_emplace("record", again.error().message);
    }
    // That may have taken a new snapshot, and this walk is of the old one.
    is_done = false;
    return false;
  };
  walk_table(file_, table, walk);
  return is_done;
}

void Reader::Verification::count(const RowHead& intact) {
  records += ids_of(intact).count();
  items += intact.items;
  bytes += intact.stored;
  const bool is_known =
      intact.kind == static_cast<std::uint8_t>(Kind::request) || intact.is_frames();
  if (!is_known) ++unknown_kinds;
}

// One damaged copy costs nothing, but tells of the disk.
Result<void> Reader::verify_shapes(Verification& result) {
  struct Damage {
    std::uint64_t count = 0;
    std::string first;
  };
  auto found = consistently([this]() -> Result<Damage> {
    Damage damage;
    Walk walk;
    walk.damage = [&](std::uint32_t page, std::string_view why) {
      if (damage.count++ == 0) damage.first = fmt::format("page {}: {}", page, why);
    };
    walk.cell = [&](const Cell& cell) {
      if (!shape_row(file_, cell) && damage.count++ == 0) {
        damage.first = fmt::format("{}: its CRC32C does not fit", cell.id);
      }
      return true;
    };
    for (const std::string_view table : Store::kShapeTables) {
      if (const auto root = root_of(file_, table)) walk_table(file_, *root, walk);
    }
    return damage;
  });
  if (!found) return pass(std::move(found.error()));
  result.damaged_shapes = found->count;
  if (found->count > 0) result.first_problem.try_emplace("shape", found->first);
  return {};
}

std::optional<std::string> Reader::owner() const {
  const base::Fd lock(::open((folder_ + "/spool.lock").c_str(), O_RDONLY | O_CLOEXEC));
  struct flock probe {};
  probe.l_type = F_RDLCK;
  probe.l_whence = SEEK_SET;
  // Asking takes nothing.
  if (!lock || ::fcntl(lock.get(), F_OFD_GETLK, &probe) != 0 || probe.l_type == F_UNLCK) {
    return std::nullopt;
  }
  std::string buffer;
  const auto pid = base::read_fd(lock.get(), buffer, 64);
  return pid ? std::string(text::trim(*pid)) : std::string("?");
}

}  // namespace edgehaul::spool
