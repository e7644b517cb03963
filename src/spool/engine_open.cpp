// SPDX-License-Identifier: Apache-2.0
// From a folder to a working store: opening, taking over what is there, counting it, and bringing
// records over from a damaged file.
#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "spool/engine.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::size_t kRowsAtStart = 100'000;  // counted before open() returns; about 0.1 s
constexpr std::uint64_t kWorthShrinking = 8U << 20;
constexpr base::UnixNanos kSecond = 1'000'000'000;
constexpr base::UnixNanos k2020 = 1'577'836'800 * kSecond;

std::vector<std::int64_t> numbers_in(std::string_view text, std::size_t count) {
  std::vector<std::int64_t> numbers;
  while (numbers.size() < count) {
    numbers.push_back(text::parse_i64(text::next_field(text)).value_or(0));
  }
  return numbers;
}

std::string quoted(const std::string& text) {
  std::string twice;
  for (const char c : text)
    twice.append(c == '\'' ? 2 : 1, c);
  return twice;
}

}  // namespace

Result<void> Engine::open() {
  if (options_.directory.empty() || options_.directory.find('\0') != std::string::npos) {
    return fail(Errc::invalid, "the spool needs the name of a directory");
  }
  if (options_.max_size < Limits::kLeast) {
    log::warning("spool", "max_size {} is raised to {}", units::format_bytes(options_.max_size),
                 units::format_bytes(Limits::kLeast));
  }
  look_at_file_system();
  age_.start(0, clock_.wall(), clock_);
  if (auto opened = open_store(); !opened) {
    if (opened.error().code == Errc::invalid) return opened;
    degrade(opened.error().message);
  }
  if (next_id_ == 0) {
    // No file tells which ids are taken: far above any that a spool has counted up to, and above
    // those of an earlier start like this one.
    const auto seconds = std::max<base::UnixNanos>(clock_.wall() - k2020, 0) / kSecond;
    next_id_ = (1ULL << 44) + (static_cast<RecordId>(seconds) << 16);
  }
  return {};
}

void Engine::look_at_file_system() {
  const FileSystem system = directory_.file_system();
  counters_.file_system = system.name;
  counters_.persistent = system.is_persistent;
  if (system.is_persistent) return;
  Options smaller = options_;
  smaller.max_size = std::min(options_.max_size, Limits::kMostInMemory);
  limits_ = Limits::of(smaller);
  log::warning("spool", "{} is on {}: records do not survive a restart of this machine; at most {}",
               directory_.path(), system.name, units::format_bytes(limits_.max_size));
}

Result<void> Engine::open_store() {
  for (int attempt = 0;; ++attempt) {
    auto store = open_file();
    if (!store) return pass(std::move(store.error()));
    auto adopted = adopt(std::move(*store));
    if (adopted) return {};
    store_.reset();
    if (adopted.error().code != Errc::malformed || attempt > 0) return adopted;
    if (auto moved = set_damaged_aside(adopted.error().message); !moved) return moved;
  }
}

Result<void> Engine::set_damaged_aside(std::string_view why) {
  log::error("spool",
             "the file in {} is damaged ({}); set aside, its intact records are brought over",
             directory_.path(), why);
  if (directory_.is_salvage_open()) finish_salvage();
  return directory_.move_to_salvage();
}

Result<std::unique_ptr<Store>> Engine::open_file() {
  if (auto made = directory_.make(); !made) return pass(std::move(made.error()));
  if (auto locked = directory_.take_lock(); !locked) return pass(std::move(locked.error()));
  directory_.complete_move();
  for (int attempt = 0;; ++attempt) {
    if (auto made = directory_.make_database(); !made) return pass(std::move(made.error()));
    auto store = Store::open(directory_.database(), limits_.cache);
    if (store || attempt == 2) return store;
    if (store.error().code == Errc::malformed) {
      if (auto moved = set_damaged_aside(store.error().message); !moved) {
        return pass(std::move(moved.error()));
      }
    } else if (store.error().code == Errc::invalid) {
      auto kept = directory_.put_newer_aside(clock_.wall());
      if (!kept) return pass(std::move(kept.error()));
      log::error("spool", "{}; kept as {}, starting empty", store.error().message, *kept);
    } else {
      return store;
    }
  }
}

Result<void> Engine::adopt(std::unique_ptr<Store> store) {
  if (!is_loaded_) {
    if (auto done = load(*store); !done) return done;
  }
  const auto last = store->last_id();
  if (!last) return pass(Error(last.error()));
  if (auto done = shapes_.load(*store); !done) return done;
  reserved_id_ = *last;
  packed_to_ = 0;
  loose_frames_ = 0;
  next_packing_ = kLooseAtLeast;
  thinned_to_ = 0;
  are_resolutions_known_ = false;
  if (!is_loaded_ && !memory_.empty() && *last >= memory_.records().begin()->first) {
    renumber_memory(*last + 1);
  }
  next_id_ = std::max(next_id_, *last + 1);
  if (!is_loaded_) {
    ledger_.expect_rows(0, *last);
    count_next_ = 1;
    count_last_ = *last;
  }
  if (directory_.is_salvage_open() && !salvage_) {
    if (auto begun = begin_salvage(*store); !begun) return begun;
  }
  if (is_loaded_) {
    dirty_values_.clear();
    for (const auto& [name, value] : values_)
      dirty_values_.push_back(name);
    senders_.all_owed();
  }
  // Only now: a failure above leaves the next attempt to load again.
  is_loaded_ = true;
  ledger_.forget_saved();
  if (auto kept = store->aside()) aside_kept_ = *kept;
  counters_.quarantined_files = directory_.damaged_files();
  is_tight_ = false;
  static_cast<void>(directory_.hold_ballast(limits_.ballast));
  store_ = std::move(store);
  database_id_ = directory_.database_id();
  set_page_limit();
  if (auto done = shrink(); !done) return done;
  count_rows(kRowsAtStart);
  return {};
}

Result<void> Engine::load(Store& store) {
  auto values = store.values();
  if (!values) return pass(std::move(values.error()));
  take_values(std::move(*values));
  auto progress = store.progress();
  if (!progress) return pass(std::move(progress.error()));
  const auto& wanted = ledger_.destinations();
  for (Store::Progress& one : *progress) {
    std::size_t at = 0;
    while (at < wanted.size() && wanted[at].name != one.name)
      ++at;
    if (at < wanted.size()) {
      ledger_.restore(at, std::move(one.settled));
    } else if (auto gone = store.drop_progress(one.name); !gone) {
      return gone;
    } else {
      log::info("spool", "destination {} is gone, and its progress with it", one.name);
    }
  }
  ledger_.find_done();
  const auto age = numbers_in(values_[std::string(kAgeValue)], 2);
  if (age[1] != 0) age_.start(age[0], age[1], clock_);
  const auto newest = store.seek(Order::newest_first, 0, kMaxId);
  if (!newest) return pass(Error(newest.error()));
  if (*newest) {
    const RowHead& head = store.head();
    age_.start(head.born, head.is_frames() ? head.until : head.time, clock_);
  }
  store.rest();
  const auto lost = numbers_in(values_[std::string(kLossesValue)], losses_before_.size());
  for (std::size_t i = 0; i < losses_before_.size(); ++i) {
    losses_before_[i] = static_cast<std::uint64_t>(std::max<std::int64_t>(lost[i], 0));
  }
  return {};
}

// Two starts without a readable file may have given the same ids; the file's stand.
// What was saved while the file could not be read is newer.
void Engine::take_values(std::map<std::string, std::string, std::less<>>&& values) {
  for (auto& [name, value] : values) {
    if (name.starts_with(Senders::kPrefix)) {
      senders_.restore(name, value);
    } else {
      values_.try_emplace(name, std::move(value));
    }
  }
}

void Engine::renumber_memory(RecordId next) {
  MemoryQueue renumbered;
  for (const auto& [id, record] : memory_.records()) {
    StoredRecord moved = record;
    ledger_.drop(record);
    moved.id = next++;
    if (moved.is_frames()) {
      moved.ids.clear();
      moved.ids.add(moved.id);
    }
    moved.crc = crc_of(moved, moved.body);
    ledger_.hold(moved);
    renumbered.add(std::move(moved));
  }
  memory_ = std::move(renumbered);
  next_id_ = next;
}

void Engine::set_page_limit() {
  max_pages_ = limits_.pages(directory_.companion_bytes());
  if (is_tight_) {
    if (const auto pages = store_->pages()) max_pages_ = std::min(max_pages_, pages->used);
  }
  static_cast<void>(store_->limit_pages(max_pages_));
}

// SQLite never gives pages back to the file system by itself. Where the bound was lowered, or next
// to nothing is left in a large file, the content is written to a new one, which replaces it.
Result<void> Engine::shrink() {
  auto pages = store_->pages();
  if (!pages) return pass(std::move(pages.error()));
  const bool is_over = pages->used > max_pages_;
  const std::uint64_t bytes = pages->used * Store::kPageBytes;
  if (!is_over && (bytes < kWorthShrinking || pages->free < pages->used - pages->used / 8)) {
    return {};
  }
  if (is_over && pages->used - pages->free + reserve_pages_ > max_pages_) {
    std::vector<Drop> drops;
    auto transaction = Transaction::begin(store_->database());
    if (!transaction) return pass(std::move(transaction.error()));
    auto dropped = make_room(pages->used - max_pages_, false, drops);
    if (dropped) {
      if (auto done = transaction->commit(); !done) return done;
      committed(nullptr, drops);
    }
  }
  const std::string fresh = directory_.database() + ".new";
  ::unlink(fresh.c_str());
  auto copied = store_->database().run(fmt::format("VACUUM INTO '{}'", quoted(fresh)));
  const base::Fd file(::open(fresh.c_str(), O_RDWR | O_CLOEXEC));
  if (!copied || !file || ::fchmod(file.get(), 0600) != 0 || ::fsync(file.get()) != 0 ||
      !store_->database().checkpoint(true)) {
    ::unlink(fresh.c_str());
    return {};  // no room for the copy: it stays as large as it is
  }
  store_->database().close_cleanly();
  store_.reset();
  if (::rename(fresh.c_str(), directory_.database().c_str()) != 0) ::unlink(fresh.c_str());
  // Before the first commit: a new log beside the old file would ruin it.
  directory_.sync();
  auto again = Store::open(directory_.database(), limits_.cache);
  if (!again) return pass(std::move(again.error()));
  store_ = std::move(*again);
  database_id_ = directory_.database_id();
  set_page_limit();
  return {};
}

void Engine::count_rows(std::size_t rows) {
  if (count_next_ == 0 || !store_) return;
  auto row = store_->seek(Order::oldest_first, count_next_ - 1, count_last_ + 1);
  for (; row && *row && rows > 0; --rows) {
    const RecordId id = store_->head().id;
    ledger_.expect_rows(id, count_last_);
    ledger_.hold(store_->head());
    if (store_->head().is_frames() && store_->head().ids.count() == 1) ++loose_frames_;
    count_next_ = id + 1;
    row = store_->next();
  }
  store_->rest();
  if (!row) {
    static_cast<void>(overcome(row.error(), 0));
  } else if (!*row) {
    ledger_.expect_rows(count_last_, count_last_);
    count_next_ = 0;
  }
}

}  // namespace edgehaul::spool
