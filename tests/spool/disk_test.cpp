// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include "fault_disk.hpp"
#include "rig.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

TEST_CASE("disk: a folder that cannot be used means memory, until it can") {
  Rig rig;
  rig.dir.write("spool", "a file where the folder should be");
  Options options = rig.options();
  options.memory_queue = 20'000;
  rig.open(options);
  Stats stats = rig.spool->stats();
  CHECK(stats.mode == Mode::memory);
  CHECK_FALSE(stats.trouble.empty());
  const RecordId first = rig.add(noise(5000, 1));
  CHECK(first > 0);
  const auto refused = rig.spool->append_and_wait(record("peer", Signal::logs, Origin::peer));
  CHECK(refused.error().code == Errc::unavailable);
  Wanted one;
  one.max_records = 1;
  CHECK(ids_of(rig.lease(0, one)) == std::vector<RecordId>{first});
  rig.fill(2, 6, 5000);
  stats = rig.spool->stats();
  CHECK(stats.dropped_memory == 2);  // not the leased one
  CHECK(stats.held.records == 3);
  REQUIRE(rig.spool->save_value("sequence", "9").has_value());

  rig.dir.remove("spool");
  rig.clock.advance(2min);
  const RecordId later = rig.add("later");  // still in memory; then the retry is due
  static_cast<void>(rig.spool->load_value("x"));
  stats = rig.spool->stats();
  CHECK(stats.mode == Mode::durable);
  CHECK(stats.trouble.empty());
  CHECK(stats.held.records == 4);
  CHECK(stats.destinations[0].leased == 1);
  rig.settle(0, {first});
  rig.open(options);
  CHECK(rig.spool->stats().held.records == 3);
  CHECK(*rig.spool->load_value("sequence") == "9");
  CHECK(ids_of(rig.lease(0)).back() == later);
  CHECK(rig.add("next") > later);
}

TEST_CASE("disk: an error that passes costs nothing") {
  struct Row {
    std::string what;
    std::atomic<int>* fault;
    int code;
  };
  FaultDisk disk;
  for (const Row& row : {Row{"write EIO", &FaultDisk::write_fault, SQLITE_IOERR_WRITE},
                         Row{"fsync EIO", &FaultDisk::sync_fault, SQLITE_IOERR_FSYNC},
                         Row{"full", &FaultDisk::write_fault, SQLITE_FULL},
                         Row{"read-only", &FaultDisk::write_fault, SQLITE_READONLY}}) {
    CAPTURE(row.what);
    Rig rig;
    rig.destinations = {"a", "b"};
    rig.open();
    const RecordId first = rig.add("first");
    CHECK(ids_of(rig.lease(0)) == std::vector<RecordId>{first});
    *row.fault = row.code;
    const RecordId second = rig.add("second");
    CHECK(second > first);
    CHECK(rig.spool->stats().mode == Mode::memory);
    CHECK_FALSE(rig.spool->append_and_wait(record("p", Signal::logs, Origin::peer)).has_value());
    // Settling goes on; it reaches the disk when that works again.
    rig.settle(0, {first});
    for (int i = 0; i < 5; ++i) {
      rig.clock.advance(2min);
      static_cast<void>(rig.spool->load_value("x"));
    }
    CHECK(rig.spool->stats().mode == Mode::memory);
    // An answer comes before what is due by the clock: the next one tells that the last try is
    // over.
    static_cast<void>(rig.spool->load_value("x"));
    *row.fault = SQLITE_OK;
    rig.clock.advance(2min);
    static_cast<void>(rig.spool->load_value("x"));
    static_cast<void>(rig.spool->load_value("x"));
    Stats stats = rig.spool->stats();
    CHECK(stats.mode == Mode::durable);
    CHECK(stats.dropped_memory == 0);
    CHECK(stats.held.records == 2);
    rig.open();
    CHECK(rig.bodies(0) == std::vector<std::string>{"second"});
    CHECK(rig.bodies(1) == std::vector<std::string>{"first", "second"});
    CHECK(rig.add("third") > second);
  }
}

TEST_CASE("disk: when it is full the spool keeps its size, drops its oldest, and grows again") {
  FaultDisk disk;
  Rig rig;
  rig.open();
  rig.fill(0, 200, 10'000);
  CHECK(std::filesystem::exists(rig.file("spool.ballast")));
  const auto now =
      static_cast<std::int64_t>(std::max(std::filesystem::file_size(rig.file()),
                                         std::filesystem::file_size(rig.file("spool.db-wal"))));
  FaultDisk::ballast = rig.file("spool.ballast");
  FaultDisk::ballast_bytes =
      static_cast<std::int64_t>(std::filesystem::file_size(rig.file("spool.ballast")));
  FaultDisk::grow_limit = now;
  std::uint64_t kept = 0;
  for (std::uint64_t i = 200; i < 400; ++i) {
    kept += rig.spool->append_and_wait(record(noise(10'000, i), Signal::metrics, Origin::peer))
                ? 1U
                : 0U;
  }
  Stats stats = rig.spool->stats();
  CHECK(stats.mode == Mode::durable);
  CHECK(kept == 200);
  CHECK(stats.dropped_size > 0);
  CHECK(stats.dropped_size + stats.held.records == 400);
  CHECK_FALSE(std::filesystem::exists(rig.file("spool.ballast")));
  FaultDisk::ballast_bytes = 0;
  FaultDisk::grow_limit = INT64_MAX;
  rig.clock.advance(1min);
  rig.add("x");
  // The ballast comes back on the spool's own time, after the answer.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!std::filesystem::exists(rig.file("spool.ballast")) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  CHECK(std::filesystem::exists(rig.file("spool.ballast")));
  const std::uint64_t dropped = rig.spool->stats().dropped_size;
  rig.fill(0, 100, 10'000);
  CHECK(rig.spool->stats().dropped_size == dropped);
}

TEST_CASE("disk: stop keeps its deadline while the disk hangs, and answers everyone") {
  static std::atomic<bool> is_hanging;
  FaultDisk disk;
  Rig rig;
  base::SystemClock clock;
  auto spool = Spool::open(rig.options(), clock, {});
  REQUIRE(spool.has_value());
  // The first commit hangs in its write until the test says otherwise.
  is_hanging = true;
  std::atomic<int> refused{0};
  FaultDisk::hold(&is_hanging);
  for (int i = 0; i < 3; ++i) {
    (*spool)->append(record("x"), [&](Result<RecordId> id) { refused += id ? 0 : 1; });
  }
  std::thread waiter([&] { refused += (*spool)->lease(0, {}) ? 0 : 1; });
  (*spool)->stop(100ms);
  waiter.join();
  CHECK(refused == 4);
  CHECK((*spool)->append_and_wait(record("y")).error().code == Errc::unavailable);
  is_hanging = false;
  // The thread is on its own now; it lets go of the lock when it ends.
  spool->reset();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  bool has_opened = false;
  while (!has_opened && std::chrono::steady_clock::now() < deadline) {
    has_opened = Spool::open(rig.options(), clock, {}).has_value();
  }
  CHECK(has_opened);
}
