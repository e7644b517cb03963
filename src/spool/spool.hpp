// SPDX-License-Identifier: Apache-2.0
// The durable queue between those who produce records and those who send them. One thread inside
// owns the only writing SQLite connection; everything that arrives while a commit runs shares the
// next one. A record is acknowledged after its commit is on disk (synchronous=FULL) and leaves when
// every destination has settled it, or when a bound says so (counted by reason). All methods are
// thread-safe; the callbacks of append() run on the spool's thread and must not block.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "spool/options.hpp"
#include "spool/record.hpp"
#include "spool/senders.hpp"
#include "spool/stats.hpp"

namespace edgehaul::spool {

using Committed = std::function<void(Result<RecordId>)>;

enum class Order : std::uint8_t { oldest_first, newest_first };

// Which records a lease wants. Only records of one signal come in one lease; with no `signal` the
// first record in order decides.
struct Wanted {
  Order order = Order::oldest_first;
  std::uint64_t max_bytes =
      3'500'000;  // sum of uncompressed bodies; a larger single record comes alone
  std::uint32_t max_records = 1000;
  std::optional<Signal> signal;
  std::optional<Origin> origin;  // a search for one looks past a few thousand of the other at most
  RecordId after = 0;            // only ids greater than this
  RecordId before = UINT64_MAX;  // only ids less than this
  // Requests of at least so many bytes that lie under this coding come as they lie: Record::coded.
  codec::Coding coding = codec::Coding::identity;
  std::uint32_t coded_from = 0;
};

enum class Outcome : std::uint8_t {
  delivered,  // the destination has it
  returned,   // not now: back into the queue
  rejected,   // the destination will never take it: kept aside with the server's words, bounded
};

inline constexpr std::size_t kMaxValue = 64U << 10;

class Worker;

class Spool {
 public:
  // Opens or creates the spool and starts its thread. A corrupt file is renamed aside and salvaged,
  // a directory that cannot be written starts the spool in memory; both are reported by stats() and
  // the log, neither is an error here. An error means that nothing can work: another process owns
  // the spool, or the directory's name is unusable. `progress` (may be empty) is called during a
  // long repair, about once a second.
  static Result<std::unique_ptr<Spool>> open(const Options& options, const base::Clock& clock,
                                             std::function<void(std::string_view)> progress);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Queues one record. `done` gets the id once it is durable (within Options::loss_window: once it
  // is queued, for ticks of our own), or why it was not kept: Errc::full
  // (no room and nothing of lower worth to drop), Errc::too_large (see largest_record()),
  // Errc::unavailable (stopping, or the queue of waiting appends is at its bound). While degraded
  // to memory, own records get an id though not durable, and peers' records get Errc::unavailable:
  // they were promised durability.
  void append(NewRecord record, Committed done);
  Result<RecordId> append_and_wait(NewRecord record);

  // Takes records for destination `index` (of Options::destinations). They stay leased, in memory
  // only, until settled; a restart returns them. Empty when nothing fits `wanted`. Corrupt records
  // (CRC) are set aside and counted, never returned.
  Result<std::vector<Record>> lease(std::size_t index, const Wanted& wanted);

  // Ends leases. `words` says why for rejected records. Returns after the progress is durable.
  Result<void> settle(std::size_t index, const std::vector<RecordId>& ids, Outcome outcome,
                      std::string_view words = {});
  // The same without waiting for the commit: later leases see it, and a crash before it is durable
  // sends those records again.
  Result<void> settle_soon(std::size_t index, std::vector<RecordId> ids, Outcome outcome,
                           std::string_view words = {});

  // Called on the spool's thread after each commit that added records; wakes a sender. Set it
  // before the first append.
  void on_append(std::function<void()> notify);

  // Small named values that live with the spool (sequence starts, installation id), at most
  // kMaxValue bytes each.
  Result<std::optional<std::string>> load_value(std::string_view key);
  Result<void> save_value(std::string_view key, std::string_view value);
  // The same with the next commit, without waiting for it.
  Result<void> save_value_soon(std::string_view key, std::string_view value);

  // Bytes (packed) of the largest record that is taken.
  std::uint64_t largest_record() const;
  // The id that the next record will get.
  Result<RecordId> next_id();
  // What is known of those whose records carry a batch; cheap, does not wait for the disk.
  std::vector<SenderReport> senders() const;

  // A consistent snapshot, cheap enough for each status request.
  Stats stats() const;
  // What waits for a destination: of the same snapshot, without a look at the disk.
  Amount waiting(std::size_t index) const;

  // Commits what was appended, checkpoints, closes. Waits at most `limit`; the destructor stops
  // too.
  void stop(std::chrono::milliseconds limit);

 private:
  explicit Spool(std::shared_ptr<Worker> worker);
  std::shared_ptr<Worker> worker_;  // shared with the thread, see stop()
};

}  // namespace edgehaul::spool
