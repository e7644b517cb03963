// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "fault_disk.hpp"
#include "spool/database.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

std::unique_ptr<Database> open(const std::string& path) {
  auto opened = Database::open(path);
  REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
  REQUIRE(
      (*opened)->run("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b BLOB)").has_value());
  return std::move(*opened);
}

// What a connection that knows nothing of joined writes sees.
std::string seen(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  std::string text;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<std::string*>(into) = values[0] == nullptr ? "" : values[0];
    return 0;
  };
  CHECK(sqlite3_exec(handle, sql, take, &text, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
  return text;
}

}  // namespace

TEST_CASE("joined writes: a large commit is few writes, and there for everybody") {
  FaultDisk disk;
  const TempDir dir;
  const std::string path = dir.at("x.db");
  const auto database = open(path);
  FaultDisk::writes = 0;
  REQUIRE(database->run("INSERT INTO t(b) VALUES(randomblob(1000000))").has_value());
  CHECK(FaultDisk::writes >= 1'000'000 / (1 << 17));
  CHECK(FaultDisk::writes <= 1'100'000 / (1 << 17) + 3);
  CHECK(FaultDisk::largest_write < 1 << 17);  // more would be cut by SQLite's own files
  CHECK(seen(path, "SELECT sum(length(b)) FROM t") == "1000000");
  FaultDisk::writes = 0;
  REQUIRE(database->run("INSERT INTO t(b) VALUES('small')").has_value());
  CHECK(FaultDisk::writes == 1);
  CHECK(seen(path, "SELECT b FROM t WHERE a=2") == "small");
  REQUIRE(database->checkpoint(true).has_value());
  CHECK(seen(path, "PRAGMA integrity_check") == "ok");
  CHECK(seen(path, "SELECT count(*) FROM t") == "2");
}

TEST_CASE("joined writes: what a transaction wrote it reads, whoever waits for it") {
  const TempDir dir;
  const std::string path = dir.at("x.db");
  const std::string many =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400) "
      "INSERT INTO t(b) SELECT zeroblob(3000) FROM n";
  const auto database = open(path);
  REQUIRE(database->run("PRAGMA cache_size=4").has_value());  // pages go to the log at once
  REQUIRE(database->run("BEGIN").has_value());
  REQUIRE(database->run(many).has_value());
  CHECK(database->integer("SELECT sum(length(b)) FROM t").value() == 1'200'000);
  CHECK(seen(path, "SELECT count(*) FROM t") == "0");
  REQUIRE(database->run("ROLLBACK").has_value());
  CHECK(database->integer("SELECT count(*) FROM t").value() == 0);
  // Over what was given up.
  REQUIRE(database->run("BEGIN").has_value());
  REQUIRE(database->run(many).has_value());
  REQUIRE(database->run("UPDATE t SET b='x' WHERE a%2=0").has_value());
  REQUIRE(database->run("COMMIT").has_value());
  CHECK(seen(path, "SELECT sum(length(b)) FROM t") == "600200");
  CHECK(seen(path, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("joined writes: a write that fails fails its commit, and no later one") {
  FaultDisk disk;
  const TempDir dir;
  const std::string path = dir.at("x.db");
  const auto database = open(path);
  REQUIRE(database->run("INSERT INTO t(b) VALUES('first')").has_value());
  for (const char* insert :
       {"INSERT INTO t(b) VALUES('lost')", "INSERT INTO t(b) VALUES(randomblob(900000))"}) {
    FaultDisk::write_fault = SQLITE_FULL;
    const auto full = database->run(insert);
    REQUIRE_FALSE(full.has_value());
    CHECK(full.error().code == Errc::full);
    FaultDisk::write_fault = SQLITE_OK;
    CHECK(seen(path, "SELECT count(*) FROM t WHERE b<>'later'") == "1");
    REQUIRE(database->run("INSERT INTO t(b) VALUES('later')").has_value());
  }
  CHECK(seen(path, "SELECT group_concat(b) FROM t") == "first,later,later");
  CHECK(seen(path, "PRAGMA integrity_check") == "ok");
}
