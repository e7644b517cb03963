// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <functional>
#include <map>

#include <sqlite3.h>

#include "base/fd.hpp"
#include "spool/database.hpp"
#include "spool/reader.hpp"
#include "spool/salvage.hpp"
#include "spool/schema.hpp"
#include "spool/shape_shelf.hpp"
#include "spool/ticker.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

std::string slurp(const std::string& path) {
  std::string bytes;
  REQUIRE(base::read_file(path, bytes, 1U << 30).has_value());
  return bytes;
}

void overwrite(const std::string& path, std::size_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

// Until the damaged file is read to its end.
Stats when_salvaged(Rig& rig) {
  for (int i = 0; i < 2000; ++i) {
    Stats stats = rig.spool->stats();
    if (!std::filesystem::exists(rig.file("spool.db.salvaging"))) {
      static_cast<void>(rig.spool->load_value("x"));
      return rig.spool->stats();
    }
    static_cast<void>(rig.spool->load_value("x"));
  }
  FAIL("the salvage does not end");
  return {};
}

std::size_t count_files(const std::string& folder, std::string_view start) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    count +=
        name.starts_with(start) && !name.ends_with("-wal") && !name.ends_with("-shm") ? 1U : 0U;
  }
  return count;
}

}  // namespace

TEST_CASE("damage: a record whose bytes changed costs itself alone") {
  Rig rig;
  rig.open();
  rig.add("before");
  const std::string bad = noise(2000, 42);
  const RecordId id = rig.add(bad);
  rig.add("after");
  rig.spool.reset();
  const std::size_t at = slurp(rig.file()).find(bad);
  REQUIRE(at != std::string::npos);
  overwrite(rig.file(), at + 1000, "\x55");
  {
    auto reader = Reader::open(rig.dir.at("spool"));
    const auto verification = reader->verify();
    CHECK(verification->records == 2);
    CHECK(verification->damaged_records == 1);
    CHECK_FALSE(verification->first_problem.at("record").empty());
    CHECK(reader->record(id).error().code == Errc::malformed);
  }
  rig.open();
  CHECK(rig.bodies(0) == std::vector<std::string>{"before", "after"});
  const Stats stats = rig.spool->stats();
  CHECK(stats.dropped_corrupt == 1);
  CHECK(stats.set_aside == 1);
  CHECK(stats.held.records == 2);
  CHECK(stats.mode == Mode::durable);
}

TEST_CASE("damage: garbage anywhere in a stopped spool costs what it hit, the service goes on") {
  struct Row {
    std::string what;
    std::size_t page;
    std::size_t pages;
    std::uint64_t least;  // records that must survive of 200
  };
  for (const Row& row :
       {Row{"the header", 0, 1, 200}, Row{"header and schema's neighbours", 0, 4, 150},
        Row{"the middle", 60, 5, 150}, Row{"a third of it", 30, 70, 60},
        Row{"the end", 195, 100, 150}}) {
    CAPTURE(row.what);
    Rig rig;
    rig.open();
    REQUIRE(rig.spool->save_value("installation", "me").has_value());
    rig.fill(0, 200, 3000);
    rig.spool.reset();
    overwrite(rig.file(), row.page * 4096, noise(row.pages * 4096, 99));
    rig.open();
    const RecordId next = rig.add("new");
    CHECK(next > 200);
    std::vector<Record> out;
    // The damage may show at the open, at the first write or read, or later as damaged records.
    for (int round = 0; round < 50; ++round) {
      auto some = rig.lease(0);
      for (Record& one : some)
        out.push_back(std::move(one));
      if (some.empty() && !std::filesystem::exists(rig.file("spool.db.salvaging"))) break;
    }
    const Stats stats = when_salvaged(rig);
    for (Record& one : rig.lease(0))
      out.push_back(std::move(one));
    CHECK(out.size() >= row.least + 1);
    for (const Record& one : out) {
      if (one.id <= 200) CHECK(one.body == noise(3000, one.id - 1));
    }
    CHECK(out.size() + stats.dropped_corrupt >= 201);
    CHECK(stats.mode == Mode::durable);
    if (row.page == 0) CHECK(*rig.spool->load_value("installation") == "me");
    rig.settle(0, ids_of(out));
    CHECK(rig.spool->stats().held.records == 0);
  }
}

TEST_CASE("damage: the page of the oldest records is a counted loss, what was delivered is none") {
  Rig rig;
  rig.open();
  rig.fill(0, 300, 400);
  spool::Wanted first;
  first.max_records = 250;
  rig.settle(0, ids_of(rig.lease(0, first)));
  rig.spool.reset();
  // A leaf holds nine of them: the one with the oldest goes, and all that lies in it.
  const std::size_t at = slurp(rig.file()).find(noise(400, 250));
  REQUIRE(at != std::string::npos);
  overwrite(rig.file(), at / 4096 * 4096, noise(4096, 7));
  rig.open();
  for (int round = 0; round < 20; ++round)
    static_cast<void>(rig.lease(0));
  const Stats stats = when_salvaged(rig);
  CHECK(stats.dropped_corrupt > 0);
  CHECK(stats.held.records + stats.dropped_corrupt == 50);
}

TEST_CASE("damage: garbage in the log after a kill costs at most the commits it hit") {
  Rig rig;
  rig.open();
  rig.fill(0, 20, 3000);
  rig.spool->stop(10s);
  Options options = rig.options();
  options.max_size = 256U << 20;  // a log long enough for all of it
  rig.open(options);
  for (std::uint64_t i = 20; i < 40; ++i)
    rig.add(noise(3000, i));  // a commit each
  // A copy of the live files is what a kill leaves.
  std::filesystem::copy(rig.dir.at("spool"), rig.dir.at("killed"));
  rig.spool.reset();
  const std::size_t size = std::filesystem::file_size(rig.dir.at("killed/spool.db-wal"));
  overwrite(rig.dir.at("killed/spool.db-wal"), size * 3 / 4, noise(5000, 5));
  options.directory = rig.dir.at("killed");
  rig.open(options);
  const auto out = rig.lease(0);
  CHECK(out.size() >= 30);
  CHECK(out.size() < 40);
  rig.add("goes on");
}

TEST_CASE("damage: a file that breaks under the running spool is replaced, every loss counted") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  rig.fill(0, 300, 3000);
  Wanted some;
  some.max_records = 10;
  const auto leased = rig.lease(0, some);
  rig.lease(1, some);
  rig.settle(1, {11, 12, 1, 2});
  rig.spool->stop(10s);
  rig.open();
  const auto again = rig.lease(0, some);
  rig.settle(0, {1, 2});  // gone for good
  // All of the tree's upper pages, and a few records; what SQLite has cached it may still use.
  overwrite(rig.file(), 4096, noise(300 * 4096 / 2, 1));
  Result<RecordId> id = RecordId{0};
  std::size_t got = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    id = rig.spool->append_and_wait(record(noise(3000, 1000 + i)));
    CHECK(id.has_value());
    const auto records = rig.spool->lease(1, some);
    REQUIRE(records.has_value());
    got += records->size();
  }
  const Stats stats = when_salvaged(rig);
  CHECK(stats.quarantined_files == 1);
  CHECK(stats.salvaged > 100);
  CHECK(stats.dropped_corrupt > 50);
  CHECK(stats.held.records + stats.dropped_corrupt + 2 == 350);
  CHECK(got > 0);
  CHECK(again.size() == 10);
  CHECK(leased.size() == 10);
}

TEST_CASE("damage: a file removed under the running spool is a counted loss, not a silent one") {
  Rig rig;
  rig.open();
  const RecordId last = rig.add("1") + 1;
  CHECK(rig.add("2") == last);
  std::vector<std::string> left{"3"};
  SUBCASE("the database: its log still has all of it") {
    rig.dir.remove("spool/spool.db");
    left = {"1", "2", "3"};
  }
  SUBCASE("the folder") {
    rig.dir.remove("spool");
  }
  const RecordId next = rig.add("3");
  CHECK(next > last);
  const Stats stats = when_salvaged(rig);
  CHECK(stats.mode == Mode::durable);
  CHECK(stats.held.records == left.size());
  CHECK(stats.dropped_corrupt == 3 - left.size());
  rig.open();
  CHECK(rig.bodies(0) == left);
}

TEST_CASE("damage: a restart in the middle of a salvage goes on with it") {
  Rig rig;
  rig.open();
  rig.fill(0, 900, 3000);
  rig.spool.reset();
  overwrite(rig.file(), 0, noise(4096, 99));
  rig.open();
  std::size_t rounds = 0;
  while (std::filesystem::exists(rig.file("spool.db.salvaging")) && rounds < 500) {
    static_cast<void>(rig.spool->load_value("x"));  // at least one slice
    rig.open();
    ++rounds;
  }
  CHECK(rounds > 1);
  CHECK(rig.spool->stats().held.records == 900);
  CHECK(rig.add("next") > 900);
}

TEST_CASE("damage: files kept for people are bounded in number") {
  Rig rig;
  rig.open();
  for (int round = 0; round < 4; ++round) {
    rig.add("x");
    rig.spool.reset();
    overwrite(rig.file(), 0, noise(4096, 7));
    rig.clock.advance(1h);
    rig.open();
    when_salvaged(rig);
  }
  CHECK(count_files(rig.dir.at("spool"), "spool.db.damaged-") == 2);
  CHECK(rig.spool->stats().quarantined_files == 2);
  CHECK(rig.spool->stats().held.records == 4);
}

TEST_CASE("damage: a file of a newer version, or of another program, is kept untouched") {
  for (const std::string change : {"PRAGMA user_version=99", "PRAGMA application_id=7"}) {
    CAPTURE(change);
    Rig rig;
    rig.open();
    rig.add("precious");
    rig.spool.reset();
    sqlite3* file = nullptr;
    sqlite3_open(rig.file().c_str(), &file);
    REQUIRE(sqlite3_exec(file, change.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(file);
    const std::string before = slurp(rig.file());
    rig.open();
    CHECK(rig.spool->stats().held.records == 0);
    rig.add("new");
    REQUIRE(count_files(rig.dir.at("spool"), "spool.db.newer-") == 1);
    for (const auto& entry : std::filesystem::directory_iterator(rig.dir.at("spool"))) {
      const std::string name = entry.path().filename();
      if (name.starts_with("spool.db.newer-") && name.ends_with("Z"))
        CHECK(slurp(entry.path()) == before);
    }
  }
}

// Whatever a file says, looking at it ends, and what comes out of it fits its CRC.
TEST_CASE("damage: mutated files neither crash nor mislead the reader and the salvage") {
  Rig rig;
  rig.open();
  rig.fill(0, 30, 5000);
  rig.lease(0);
  rig.settle(0, {2}, Outcome::rejected, "no");
  Ticker ticker(rig);
  ticker.tick(30);
  std::filesystem::copy(rig.dir.at("spool"), rig.dir.at("copy"));
  rig.spool->stop(10s);
  std::size_t intact = 0;
  std::size_t ticks = 0;
  std::uint64_t seed = 1;
  for (const std::string& name : {rig.file(), rig.dir.at("copy/spool.db-wal")}) {
    const std::string sound = slurp(name);
    for (int round = 0; round < 150; ++round) {
      const std::string dice = noise(64, ++seed);
      std::string bytes = sound;
      for (std::size_t i = 0; i + 4 < dice.size(); i += 4) {
        std::uint32_t at = 0;
        std::memcpy(&at, dice.data() + i, 4);
        // Half of the hits go to the first pages, where the structure is.
        const std::size_t range =
            i % 8 == 0 ? std::min<std::size_t>(16384, bytes.size()) : bytes.size();
        bytes[at % range] = dice[i + 3];
      }
      if (round % 10 == 0) bytes.resize(bytes.size() * static_cast<std::size_t>(round) / 150);
      std::ofstream(name, std::ios::binary) << bytes;
      const std::string database = name.ends_with("-wal") ? name.substr(0, name.size() - 4) : name;
      if (auto reader = Reader::open(database)) {
        static_cast<void>(reader->verify());
        static_cast<void>(reader->records(0, 100));
        static_cast<void>(reader->set_aside());
        static_cast<void>(reader->values());
      }
      auto salvage = Salvage::open(database);
      if (!salvage) continue;
      const Salvage::Rest rest = salvage->read_rest();
      CHECK(rest.last_id < kMaxId);
      std::vector<StoredRecord> records;
      while (salvage->read(1U << 20, 100, records)) {
      }
      std::map<std::uint64_t, Store::ShapeRow> shapes;
      for (const auto* met : {&rest.shapes, &salvage->shapes()}) {
        for (const Store::ShapeRow& shape : *met)
          shapes.emplace(shape.id, shape);
      }
      for (const StoredRecord& one : records) {
        if (!one.is_frames()) {
          CHECK(one.body == noise(5000, one.id - 1));
          ++intact;
          continue;
        }
        const auto anchor =
            read_anchor(one.shape, [&](std::uint64_t id) -> Result<Store::ShapeRow> {
              const auto at = shapes.find(id);
              if (at == shapes.end()) return fail(Errc::absent, "lost");
              return at->second;
            });
        if (!anchor) continue;
        const auto frames = frames_of(one, *anchor);
        REQUIRE(frames);
        CHECK(frames->front().request() == ticker.sent.at(one.id));
        ++ticks;
      }
    }
    std::ofstream(name, std::ios::binary) << sound;
  }
  CHECK(intact > 1000);
  CHECK(ticks > 1000);
}

TEST_CASE("schema: the version before is upgraded in place, older and newer ones are not touched") {
  const SchemaStep one{1, "CREATE TABLE t(a); INSERT INTO t VALUES(7)", ""};
  const SchemaStep two{2, "CREATE TABLE t(a, b)", "ALTER TABLE t ADD COLUMN b"};
  const SchemaStep three{3, "CREATE TABLE t(a, b, c)", "ALTER TABLE t ADD COLUMN c"};
  const SchemaStep steps[] = {one, two, three};
  struct Row {
    std::size_t file;
    std::size_t program;
    bool opens;
  };
  for (const Row& row : {Row{1, 1, true}, Row{1, 2, true}, Row{2, 3, true}, Row{1, 3, false},
                         Row{2, 1, false}, Row{3, 3, true}}) {
    CAPTURE(row.file);
    CAPTURE(row.program);
    TempDir dir;
    auto database = Database::open(dir.at("a.db"));
    REQUIRE(database.has_value());
    REQUIRE(prepare_schema(**database, {steps, row.file}).has_value());
    const auto result = prepare_schema(**database, {steps, row.program});
    CHECK(result.has_value() == row.opens);
    if (!row.opens) CHECK(result.error().code == Errc::invalid);
    CHECK(*(*database)->integer("PRAGMA user_version") ==
          static_cast<std::int64_t>(row.opens ? row.program : row.file));
    if (row.file == 1) CHECK(*(*database)->integer("SELECT a FROM t") == 7);
  }
}
