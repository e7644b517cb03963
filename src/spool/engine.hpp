// SPDX-License-Identifier: Apache-2.0
// Everything the spool decides: what one commit contains, what goes when there is no room, when to
// leave the disk alone and when to come back to it. The ledger and the memory queue are the truth;
// the file follows. All of it runs on the spool's thread; Spool owns the queue in front of it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/age_clock.hpp"
#include "spool/directory.hpp"
#include "spool/hot_tail.hpp"
#include "spool/ledger.hpp"
#include "spool/limits.hpp"
#include "spool/memory_queue.hpp"
#include "spool/rate.hpp"
#include "spool/salvage.hpp"
#include "spool/senders.hpp"
#include "spool/shape_shelf.hpp"
#include "spool/spool.hpp"
#include "spool/store.hpp"

namespace edgehaul::spool {

// One record on its way in. `record` comes packed, without id; `outcome` is set by write().
struct Append {
  StoredRecord record;
  frame::AnchorPtr anchor;  // of a frame; its id is record.shape
  HotBody hot;              // what it is made of, where there was room
  bool came_coded = false;  // record.body is as it came
  Committed done;
  Result<RecordId> outcome = RecordId{0};
};

// What a lease took: a row, which of its records, and what a single frame left out.
struct Leased {
  StoredRecord row;
  std::vector<RecordId> ids;
  frame::AnchorPtr anchor;
  std::optional<std::string> plain;  // of a request that need not be unpacked
  bool is_as_it_lies = false;        // it is wanted packed
};

// Named values of the spool itself start with a dot; others must not.
inline constexpr std::string_view kAgeValue = ".age";      // reading of the age clock, wall time
inline constexpr std::string_view kFirstValue = ".first";  // lowest id held, when .age was written
inline constexpr std::string_view kSalvageValue = ".salvage";  // page reached, last id, first id
inline constexpr std::string_view kLossesValue = ".losses";    // as in Stats::dropped_ever

class Engine {
 public:
  Engine(const Options& options, const base::Clock& clock,
         std::function<void(std::string_view)> progress);

  Result<void> open();
  void close();  // writes what is owed, moves the log into the database

  // Commits the appends together with all that the calls below left to be written.
  void write(std::vector<Append>& appends);

  std::vector<Leased> lease(std::size_t index, const Wanted& wanted);
  void settle(std::size_t index, const std::vector<RecordId>& ids, Outcome outcome,
              std::string_view words);
  void discard_damaged(std::vector<StoredRecord> records);
  std::optional<std::string> value(std::string_view key) const;
  Result<void> set_value(std::string_view key, std::string_view value);

  // What is due by the clock, and a slice of whatever takes long. True when something changed.
  bool tend();
  // How long the thread may sleep; nullopt: until something arrives.
  std::optional<std::chrono::nanoseconds> idle_time() const;

  Stats stats();  // without disk_bytes
  const Directory& directory() const { return directory_; }
  const Limits& limits() const { return limits_; }
  RecordId next_id() const { return next_id_; }
  std::vector<SenderReport> senders() const { return senders_.report(); }  // any thread
  bool has_hot() const { return hot_.oldest().has_value(); }
  HotRoom& hot_room() { return hot_room_; }  // any thread
  // For a body of so many bytes that has room there. Any thread.
  Packing packing_of_hot(std::size_t size) const {
    return size >= zstd_from_ ? Packing::fast_zstd : Packing::fast;
  }

 private:
  static constexpr std::size_t kLooseAtLeast = 16;
  static constexpr std::size_t kThinningsPerCommit = 4;  // each may take milliseconds

  // What was delivered may wait for the next commit, so much and so long: a crash sends it again.
  static constexpr std::uint64_t kMaxUnwrittenSettled = 64U << 10;
  static constexpr std::chrono::seconds kSettledWait{30};

  // Blocks that became one with fewer frames.
  struct Thinning {
    std::vector<RowHead> before;
    RowHead after;
  };

  struct Drop {
    RowHead head;
    bool is_aged;
  };

  // engine_open.cpp
  void look_at_file_system();
  Result<void> open_store();
  Result<std::unique_ptr<Store>> open_file();
  Result<void> adopt(std::unique_ptr<Store> store);
  Result<void> set_damaged_aside(std::string_view why);
  Result<void> load(Store& store);
  void take_values(std::map<std::string, std::string, std::less<>>&& values);
  void renumber_memory(RecordId next);
  Result<void> shrink();
  void set_page_limit();
  void count_rows(std::size_t rows);

  // engine_salvage.cpp
  Result<void> begin_salvage(Store& store);
  void take_over(Salvage::Rest& rest);
  void salvage_slice();
  bool insert_salvaged();
  Result<void> write_salvaged();
  Result<void> replace_frames_in(const StoredRecord& block, std::vector<RowHead>& replaced);
  void finish_salvage();

  // engine_write.cpp
  Result<void> transact(std::vector<Append>* appends, const std::vector<StoredRecord>* moved);
  std::uint64_t pages_of_commit(const std::vector<Append>* appends,
                                const std::vector<StoredRecord>* moved) const;
  void rolled_back();
  Result<void> fill(std::vector<Append>* appends, const std::vector<StoredRecord>* moved,
                    std::vector<Drop>& drops);
  Result<void> insert(Append& append, std::vector<Drop>& drops);
  bool drop_repeats(StoredRecord& record) const;
  void give_id(StoredRecord& record);
  struct Place;
  Result<std::optional<Place>> find_place(const StoredRecord& record,
                                          const frame::AnchorPtr& anchor, std::vector<Drop>& drops);
  Result<void> put(const StoredRecord& record, const Place& place, bool ignore_present);
  void committed(std::vector<Append>* appends, const std::vector<Drop>& drops);
  void count_in(const StoredRecord& record, base::Steady now);

  // engine_owed.cpp
  bool owes() const;
  bool has_progress() const;  // that the file does not know
  bool may_wait() const;
  bool is_age_due() const;
  Losses losses() const;
  Result<void> write_owed();
  Result<std::optional<StoredRecord>> copy_of(RecordId id);
  Result<void> write_aside(std::vector<Drop>& drops);

  // engine_window.cpp
  bool may_hold(const std::vector<Append>& appends) const;
  void hold(std::vector<Append>& appends);
  bool is_window_over() const;
  std::vector<StoredRecord> held_back() const;
  void on_disk(const std::vector<StoredRecord>& records);

  // engine_frames.cpp
  Result<std::vector<frame::Frame>> read_frames();
  bool is_packing_due() const { return loose_frames_ >= next_packing_; }
  void pack_frames();
  struct Loose;
  Result<Loose> find_run();
  Result<void> pack_run(Loose& run);
  void learn_shrink(const std::vector<RowHead>& rows, const StoredRecord& block);
  Result<void> replace_rows(const std::vector<RowHead>& rows, const StoredRecord& block);

  // engine_room.cpp
  Result<bool> make_room(std::uint64_t pages, bool for_peer, std::vector<Drop>& drops);
  Result<bool> drop_by_priority(std::uint64_t pages, std::vector<Drop>& drops);
  Result<bool> drop_oldest(std::uint64_t pages, bool only_own, std::vector<Drop>& drops);
  Result<bool> drop_behind(RecordId& from, std::size_t rows, std::uint64_t pages,
                           const std::function<bool(const RowHead&)>& is_meant,
                           std::vector<Drop>& drops);
  Result<void> expire(std::vector<Drop>& drops);
  Result<void> keep_log_small(std::uint64_t more);
  bool is_expiry_due() const;

  // engine_thin.cpp
  bool may_thin(const RowHead& row) const;
  Result<std::vector<RowHead>> find_thinnable();
  Result<bool> thin();
  Result<std::optional<StoredRecord>> every_second(const std::vector<RowHead>& rows,
                                                   Thinning& thinning);
  void thinned();
  void look_at_resolutions();

  // engine_trouble.cpp
  bool overcome(const Error& error, int attempt);
  bool give_way();  // the disk is full: stop growing, free the ballast
  bool reopen();
  bool repair(std::string_view why);  // the file is damaged: a new one, salvage from the old
  void degrade(std::string_view why);
  void keep_in_memory(std::vector<Append>& appends);
  bool embed_anchor(Append& append);
  void recover();
  bool move_memory();
  void try_ballast();
  bool tidy_up();

  // engine_lease.cpp
  struct Search;
  Result<void> search_disk(std::size_t index, Search& search);
  Result<void> take_request(Search& search);
  Result<void> take_frames(std::size_t index, Search& search);
  Result<frame::AnchorPtr> anchor_of_row();
  void search_memory(std::size_t index, Search& search);

  // engine.cpp
  void forget_memory(RecordId id);
  void retire(Rejection rejection);
  void add_times(Stats& stats);
  std::int64_t age_now() const { return age_.now(clock_); }
  bool is_memory() const { return mode_ == Mode::memory; }

  Options options_;
  Limits limits_;
  const base::Clock& clock_;
  std::function<void(std::string_view)> progress_;
  Directory directory_;
  Ledger ledger_;
  MemoryQueue memory_;       // while the disk fails, and in the loss window
  base::Steady held_since_;  // the oldest tick in the loss window
  struct {
    std::uint64_t bytes = 0;
    base::Steady since{};
  } unwritten_settled_;  // delivered since the last commit
  HotRoom hot_room_;
  HotTail hot_;
  // Bodies of so many bytes are asked for as they lie under zstd.
  std::atomic<std::size_t> zstd_from_ = SIZE_MAX;
  ShapeShelf shapes_;
  std::unique_ptr<Store> store_;
  std::uint64_t database_id_ = 0;
  std::optional<Salvage> salvage_;

  Mode mode_ = Mode::durable;
  std::string trouble_;
  std::chrono::seconds backoff_{1};
  base::Steady retry_at_;
  bool is_loaded_ = false;  // progress, values and counts of the file are known
  bool is_tight_ = false;   // the disk is full: the database may not grow
  std::uint64_t max_pages_ = 0;
  std::uint64_t reserve_pages_ = Limits::kReservePages;

  RecordId next_id_ = 0;             // 0: not known yet
  RecordId reserved_id_ = 0;         // sqlite_sequence says at least this
  RecordId packed_to_ = 0;           // no loose frames up to this id
  std::size_t loose_frames_ = 0;     // rows of one frame, at most
  std::size_t next_packing_ = 0;     // with so many of them it is tried
  double shrink_ = 1;                // bytes of a block for those of its single frames
  RecordId thinned_to_ = 0;          // nothing to thin up to this id
  RecordId dropped_to_[5] = {};      // per signal: none to drop by priority up to this id
  std::vector<Thinning> thinnings_;  // of the open transaction
  std::vector<Resolution> resolutions_;
  bool are_resolutions_known_ = false;
  base::Steady next_look_;
  RecordId count_next_ = 0, count_last_ = 0;  // rows not counted yet
  AgeClock age_;
  std::int64_t age_saved_ = 0;
  std::int64_t next_expiry_ = 0;
  base::Steady last_commit_;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> dirty_values_;
  std::vector<Rejection> aside_;
  Store::Aside aside_kept_;
  std::vector<StoredRecord> salvaged_;  // read, not written yet
  base::Steady progress_at_;
  RecordId salvage_first_ = 0;  // ids from this one ...
  RecordId salvage_last_ = 0;   // ... to this may still come out of the damaged file; 0: not known
  std::uint64_t salvage_expected_ = 0;
  Stats counters_;          // the counting part of Stats
  Losses losses_before_{};  // of earlier starts: kLossesValue
  std::uint64_t losses_saved_ = 0;
  Rate rate_;
  Senders senders_;
};

}  // namespace edgehaul::spool
