// SPDX-License-Identifier: Apache-2.0
// What of a peer's record need not be read back or packed anew.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/codec.hpp"
#include "spool/database.hpp"
#include "spool/hot_tail.hpp"
#include "spool/rig.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;
using codec::Coding;

namespace {

// Packs to about a third.
std::string text(std::size_t size, std::uint64_t seed) {
  std::string out = noise(size / 3, seed);
  for (char& byte : out)
    byte = static_cast<char>('a' + (static_cast<unsigned char>(byte) & 15));
  out.resize(size, 'x');
  return out;
}

NewRecord peers(std::string body, Coding coding = Coding::identity) {
  NewRecord made = record(std::move(body), Signal::logs, Origin::peer);
  if (coding != Coding::identity) made.coded = {coding, codec::encode(coding, made.body).value()};
  return made;
}

RecordId add(Rig& rig, NewRecord made) {
  const auto id = rig.spool->append_and_wait(std::move(made));
  REQUIRE(id.has_value());
  return *id;
}

// Spoils the bodies of all rows: what is read from the disk from now on is damaged.
void spoil(const Rig& rig) {
  auto database = Database::open(rig.file());
  REQUIRE(database.has_value());
  REQUIRE((*database)->run("UPDATE records SET crc=crc+1").has_value());
}

Wanted as_it_lies(Coding coding, std::uint32_t from = 0) {
  Wanted wanted;
  wanted.coding = coding;
  wanted.coded_from = from;
  return wanted;
}

}  // namespace

TEST_CASE("hot: what was just committed is leased from memory, for a while") {
  Rig rig;
  rig.open();
  const std::string body = text(9'000, 1);
  const RecordId first = add(rig, peers(body));
  const RecordId second = add(rig, peers(body, Coding::zstd));
  spoil(rig);
  const auto out = rig.lease(0);
  REQUIRE(ids_of(out) == std::vector<RecordId>{first, second});
  CHECK(out[0].body == body);
  CHECK(out[1].body == body);
  CHECK(out[1].size == body.size());
  CHECK(out[1].items == 3);
  CHECK(rig.spool->stats().dropped_corrupt == 0);
  rig.settle(0, ids_of(out));
  CHECK(rig.spool->stats().held.records == 0);

  add(rig, peers(body));
  spoil(rig);
  rig.clock.advance(HotTail::kTime);
  add(rig, peers("later"));
  CHECK(rig.bodies(0) == std::vector<std::string>{"later"});
  CHECK(rig.spool->stats().dropped_corrupt == 1);
}

TEST_CASE("hot: one that comes back is read from the disk") {
  Rig rig;
  rig.open();
  const std::string body = text(9'000, 1);
  const RecordId id = add(rig, peers(body));
  for (int round = 0; round < 3; ++round) {
    CHECK(rig.bodies(0) == std::vector<std::string>{body});
    rig.settle(0, {id}, Outcome::returned);
  }
}

TEST_CASE("hot: every destination gets it") {
  Rig rig;
  rig.destinations = {"a", "b"};
  rig.open();
  const std::string body = text(9'000, 1);
  const RecordId id = add(rig, peers(body, Coding::gzip));
  spoil(rig);
  CHECK(rig.bodies(0) == std::vector<std::string>{body});
  CHECK(rig.bodies(1) == std::vector<std::string>{body});
  rig.settle(0, {id});
  rig.settle(1, {id});
  CHECK(rig.spool->stats().held.records == 0);
}

TEST_CASE("hot: bounded; what has no room is read from the disk") {
  Rig rig;
  auto options = rig.options();
  options.max_size = 64U << 20;
  rig.open(options);
  const std::size_t each = HotRoom::kBytes / 4;
  std::vector<std::string> bodies;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    bodies.push_back(text(each, seed));
    add(rig, peers(bodies.back()));
  }
  spoil(rig);
  Wanted wanted;
  wanted.max_bytes = 100U << 20;
  bodies.resize(4);
  CHECK(rig.bodies(0, wanted) == bodies);
  CHECK(rig.spool->stats().dropped_corrupt == 2);
  // Their room is free again.
  for (std::uint64_t seed = 11; seed <= 14; ++seed)
    add(rig, peers(text(each, seed)));
  spoil(rig);
  CHECK(rig.lease(0, wanted).size() == 4);
}

TEST_CASE("hot: nothing is kept for nobody") {
  HotRoom room;
  {
    const HotBody all(room, HotRoom::kBytes);
    CHECK(static_cast<bool>(all));
    CHECK_FALSE(static_cast<bool>(HotBody(room, 1)));
  }
  HotBody one(room, HotRoom::kBytes);
  HotBody other = std::move(one);
  CHECK(static_cast<bool>(other));
  CHECK_FALSE(static_cast<bool>(one));  // NOLINT(bugprone-use-after-move)
  other = HotBody();
  CHECK(static_cast<bool>(HotBody(room, HotRoom::kBytes)));
}

TEST_CASE("hot: a body that came coded lies and leaves as it came") {
  for (const bool is_hot : {true, false}) {
    for (const Coding coding : {Coding::gzip, Coding::zstd}) {
      CAPTURE(is_hot);
      CAPTURE(codec::coding_name(coding));
      Rig rig;
      rig.open();
      const std::string body = text(90'000, 1);
      const NewRecord made = peers(body, coding);
      const RecordId id = add(rig, made);
      CHECK(rig.spool->stats().held.bytes == made.coded.bytes.size());
      if (!is_hot) rig.open();
      const auto out = rig.lease(0, as_it_lies(coding, 90'000));
      REQUIRE(ids_of(out) == std::vector<RecordId>{id});
      CHECK(out[0].body.empty());
      CHECK(out[0].size == 90'000);
      CHECK(out[0].coded.coding == coding);
      CHECK(out[0].coded.bytes == made.coded.bytes);
      rig.settle(0, {id}, Outcome::returned);
      // A smaller one, and one under another coding, come unpacked.
      for (const Wanted& wanted :
           {as_it_lies(coding, 90'001),
            as_it_lies(coding == Coding::gzip ? Coding::zstd : Coding::gzip), Wanted()}) {
        const auto plain = rig.lease(0, wanted);
        REQUIRE(plain.size() == 1);
        CHECK(plain[0].body == body);
        CHECK(plain[0].coded.bytes.empty());
        rig.settle(0, {id}, Outcome::returned);
      }
    }
  }
}

TEST_CASE("hot: what the spool packed itself leaves packed too, where somebody asks for that") {
  Rig rig;
  rig.open();
  const std::string body = text(90'000, 1);
  const RecordId id = add(rig, peers(body));
  // Packed before anybody asked.
  CHECK(rig.bodies(0, as_it_lies(Coding::zstd, 90'000)) == std::vector<std::string>{body});
  rig.settle(0, {id});
  add(rig, peers(body));
  const auto out = rig.lease(0, as_it_lies(Coding::zstd, 90'000));
  REQUIRE(out.size() == 1);
  CHECK(codec::decode(Coding::zstd, out[0].coded.bytes, 90'000) == body);
  // Not what is plain on the disk, for that is smaller.
  const std::string dense = noise(2'000, 1);
  add(rig, peers(dense));
  CHECK(rig.bodies(0, as_it_lies(Coding::zstd)) == std::vector<std::string>{dense});
}

TEST_CASE("hot: packed for speed, and read back from the disk") {
  Rig rig;
  rig.open();
  std::vector<std::string> bodies;
  for (const std::size_t size : {90U, 500U, 9'000U, 900'000U}) {
    bodies.push_back(text(size, size));
    add(rig, peers(bodies.back()));
  }
  {
    auto database = Database::open(rig.file());
    REQUIRE(database.has_value());
    CHECK((*database)->integer("SELECT count(*) FROM records WHERE coding=3").value() >= 3);
  }
  rig.open();
  CHECK(rig.bodies(0) == bodies);
  CHECK(rig.spool->stats().dropped_corrupt == 0);
}

TEST_CASE("hot: a body packed in a way of a later version is kept and never leased") {
  Rig rig;
  rig.open();
  add(rig, peers(text(2'000, 1)));
  {
    auto database = Database::open(rig.file());
    REQUIRE(database.has_value());
    REQUIRE((*database)->run("UPDATE records SET coding=9").has_value());
  }
  rig.open();
  CHECK(rig.lease(0).empty());
  CHECK(rig.spool->stats().held.records == 1);
  CHECK(rig.spool->stats().dropped_corrupt == 0);
}
