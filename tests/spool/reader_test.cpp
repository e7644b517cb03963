// SPDX-License-Identifier: Apache-2.0
#include "spool/reader.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/fd.hpp"
#include "rig.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

// Names, sizes, times and bytes of a folder, and the folder's own time.
std::string picture(const std::string& folder) {
  std::vector<std::string> lines;
  const auto line = [&](const std::string& path) {
    struct stat info {};
    ::stat(path.c_str(), &info);
    std::string bytes;
    if (S_ISREG(info.st_mode)) static_cast<void>(base::read_file(path, bytes, 1U << 30));
    lines.push_back(fmt::format("{} {} {}.{} {}.{} {}", path, info.st_size, info.st_mtim.tv_sec,
                                info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec,
                                std::hash<std::string>()(bytes)));
  };
  line(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    line(entry.path());
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& one : lines)
    all += one + "\n";
  return all;
}

void look_at_everything(const std::string& folder, std::size_t records) {
  auto reader = Reader::open(folder);
  REQUIRE_MESSAGE(reader.has_value(), (reader ? "" : reader.error().message));
  const auto entries = reader->records(0, 1'000'000);
  REQUIRE(entries.has_value());
  CHECK(entries->size() == records);
  for (const Reader::Entry& entry : *entries)
    CHECK(reader->record(entry.id).has_value());
  const auto verification = reader->verify();
  REQUIRE(verification.has_value());
  CHECK(verification->is_sound());
  CHECK(verification->records == records);
  CHECK(reader->set_aside().has_value());
  CHECK(reader->destinations().has_value());
  CHECK(reader->values().has_value());
}

}  // namespace

TEST_CASE("reader: sees what the spool holds, and leaves every byte and time as it was") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  std::vector<RecordId> ids;
  for (std::uint64_t i = 0; i < 60; ++i)
    ids.push_back(rig.add(noise(100 + i * 997, i)));
  rig.lease(0);
  rig.settle(0, {ids[3]});
  rig.settle(0, {ids[5]}, Outcome::rejected, "no such stream");
  REQUIRE(rig.spool->save_value("installation", "abc").has_value());

  SUBCASE("while its owner lives, with commits in the log alone") {
    const std::string before = picture(rig.dir.at("spool"));
    look_at_everything(rig.dir.at("spool"), 60);
    CHECK(Reader::open(rig.dir.at("spool"))->owner() == std::to_string(::getpid()));
    CHECK(picture(rig.dir.at("spool")) == before);
  }
  SUBCASE("when it was stopped") {
    rig.spool.reset();
    CHECK_FALSE(std::filesystem::exists(rig.file("spool.db-wal")));
    const std::string before = picture(rig.dir.at("spool"));
    look_at_everything(rig.dir.at("spool"), 60);
    CHECK_FALSE(Reader::open(rig.dir.at("spool"))->owner().has_value());
    CHECK(picture(rig.dir.at("spool")) == before);
  }
  SUBCASE("when it was killed: a log is left, and here a read-only folder") {
    std::filesystem::copy(rig.dir.at("spool"), rig.dir.at("copy"));
    ::chmod(rig.dir.at("copy").c_str(), 0500);
    REQUIRE(std::filesystem::file_size(rig.dir.at("copy/spool.db-wal")) > 0);
    const std::string before = picture(rig.dir.at("copy"));
    look_at_everything(rig.dir.at("copy"), 60);
    CHECK(picture(rig.dir.at("copy")) == before);
  }
}

TEST_CASE("reader: entries, bodies, progress and words") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  const std::string large = noise(300'000, 7);
  const RecordId first = rig.add("one");
  const RecordId second = rig.add(large, Signal::traces);
  rig.lease(0);
  rig.settle(0, {first}, Outcome::rejected, "said no");
  auto reader = Reader::open(rig.dir.at("spool"));
  REQUIRE(reader.has_value());
  const auto entries = reader->records(0, 10);
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].settled == std::vector<bool>{true, false});
  CHECK((*entries)[1].signal == Signal::traces);
  CHECK((*entries)[1].size == large.size());
  CHECK((*entries)[1].items == 3);
  CHECK(reader->records(first, 10)->size() == 1);
  CHECK(reader->records(0, 1)->size() == 1);
  CHECK(reader->record(second)->body == large);
  CHECK(reader->record(99).error().code == Errc::absent);
  CHECK((*reader->destinations())[0].settled.contains(first));
  const auto aside = reader->set_aside();
  REQUIRE(aside->size() == 1);
  CHECK((*aside)[0].words == "said no");
  CHECK((*aside)[0].destination == "a");
  CHECK((*aside)[0].entry.id == first);
  CHECK(reader->set_aside_record((*aside)[0].number)->body == "one");
  // The same reader sees what comes later.
  const RecordId third = rig.add("three");
  CHECK(Reader::open(rig.dir.at("spool"))->record(third)->body == "three");
}

TEST_CASE("reader: follows a spool that works at full speed") {
  Rig rig;
  base::SystemClock clock;
  Options options = rig.options();
  options.max_size = 2U << 20;  // its log starts anew all the time
  auto spool = Spool::open(options, clock, {});
  REQUIRE(spool.has_value());
  REQUIRE((*spool)->append_and_wait(record("first")).has_value());
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; !is_over; ++i) {
      static_cast<void>((*spool)->append_and_wait(record(noise(3000 + i % 7000, i))));
    }
  });
  int sound = 0;
  for (int round = 0; round < 30; ++round) {
    auto reader = Reader::open(rig.dir.at("spool"));
    REQUIRE(reader.has_value());
    const auto verification = reader->verify();
    REQUIRE(verification.has_value());
    CHECK_MESSAGE(verification->damaged_records == 0, verification->first_problem.size());
    sound += verification->records > 0 ? 1 : 0;
    const auto entries = reader->records(0, 50);
    CHECK(entries.has_value());
  }
  is_over = true;
  writer.join();
  CHECK(sound == 30);
}

TEST_CASE("reader: what is no spool is told apart") {
  TempDir dir;
  CHECK(Reader::open(dir.at("none")).error().code == Errc::absent);
  CHECK(Reader::open(dir.path()).error().code == Errc::absent);
  dir.write("empty/spool.db", "");
  CHECK(Reader::open(dir.at("empty")).error().code == Errc::malformed);
  dir.write("text/spool.db", std::string(9000, 'x'));
  CHECK(Reader::open(dir.at("text")).error().code == Errc::malformed);
  sqlite3* other = nullptr;
  sqlite3_open(dir.at("other.db").c_str(), &other);
  sqlite3_exec(other, "CREATE TABLE records(id INTEGER PRIMARY KEY)", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  CHECK(Reader::open(dir.at("other.db")).error().code == Errc::malformed);
}
