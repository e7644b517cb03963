// SPDX-License-Identifier: Apache-2.0
#include "metric/sequence.hpp"

#include <doctest/doctest.h>

using namespace edgehaul::metric;

namespace {

constexpr Id kIo = id("system.disk.io");

struct Run {
  Batch batch;
  Selection selection;
  Sequences sequences;
  bool changed = false;

  edgehaul::base::UnixNanos start_of(std::int64_t time, std::uint64_t value,
                                     std::int64_t boot = 100) {
    batch.begin(time, boot, selection);
    batch.add(kIo, value, {{"device", "sda"}});
    changed = sequences.apply(batch);
    return batch.points()[0].start;
  }
};

}  // namespace

TEST_CASE("sequence: a growing counter keeps its start") {
  Run run;
  CHECK(run.start_of(1000, 5) == 100);
  CHECK(run.start_of(2000, 5) == 100);
  CHECK(run.start_of(3000, 9) == 100);
  CHECK(run.sequences.resets() == 0);
}

TEST_CASE("sequence: a fall begins a new sequence at the last point's time, and it lasts") {
  Run run;
  run.start_of(1000, 50);
  CHECK(run.start_of(2000, 3) == 1000);
  CHECK(run.changed);
  CHECK(run.start_of(3000, 4) == 1000);
  CHECK_FALSE(run.changed);
  CHECK(run.start_of(4000, 1) == 3000);
  CHECK(run.sequences.resets() == 2);
}

TEST_CASE("sequence: a moved start survives a restart of the agent") {
  Run before;
  before.start_of(1000, 50);
  before.start_of(2000, 3);
  Run after;
  after.sequences.load(before.sequences.save() + "garbage\n12 x\n");
  CHECK(after.start_of(3000, 4) == 1000);
}

TEST_CASE("sequence: a reboot ends what was moved before it") {
  Run before;
  before.start_of(1000, 50);
  before.start_of(2000, 3);
  Run after;
  after.sequences.load(before.sequences.save());
  CHECK(after.start_of(9000, 4, 8000) == 8000);
  CHECK(after.sequences.save().empty());
}

TEST_CASE("sequence: a new start from the source itself is no reset") {
  Run run;
  run.start_of(1000, 50);
  CHECK(run.start_of(2000, 3, 1500) == 1500);
  CHECK(run.sequences.resets() == 0);
}

TEST_CASE("sequence: a wall clock that steps back never yields start after time") {
  Run run;
  run.start_of(5000, 50);
  CHECK(run.start_of(2000, 3) == 2000);
}
