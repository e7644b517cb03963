// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <doctest/doctest.h>

#include "status/filled.hpp"

using namespace edgehaul;
using status::Snapshot;

TEST_CASE("health: one rule at a time") {
  struct Row {
    std::string_view name;
    std::function<void(Snapshot&)> change;
    std::string_view state;
    bool is_ready;
    std::vector<std::string> troubles;
  };
  const Row rows[] = {
      {"all is well", [](Snapshot&) {}, "running", true, {}},
      {"no tick yet", [](Snapshot& s) { s.sampling.ticks = 0; }, "starting", false, {}},
      {"stopping", [](Snapshot& s) { s.program.is_stopping = true; }, "stopping", false, {}},
      {"two ticks late",
       [](Snapshot& s) { s.sampling.last_tick = s.now - 30 * test::kSecond; },
       "running",
       true,
       {}},
      {"no ticks any more",
       [](Snapshot& s) { s.sampling.last_tick = s.now - 65 * test::kSecond; },
       "degraded",
       false,
       {"sampling: no tick for 1m 5s"}},
      {"a slow interval has more patience",
       [](Snapshot& s) {
         s.sampling.interval = 60;
         s.sampling.last_tick = s.now - 170 * test::kSecond;
       },
       "running",
       true,
       {}},
      {"the clock was stepped back",
       [](Snapshot& s) { s.sampling.last_tick = s.now + 86400 * test::kSecond; },
       "running",
       true,
       {}},
      {"the disk fails",
       [](Snapshot& s) {
         s.spool.mode = spool::Mode::memory;
         s.spool.trouble = "No space left on device";
       },
       "degraded",
       false,
       {"spool: in memory only, No space left on device"}},
      {"the spool fills up and nobody takes anything",
       [](Snapshot& s) {
         s.spool.hours_left = 5.5;
         s.spool.oldest = s.now - 7200 * test::kSecond;
       },
       "degraded",
       true,
       {"spool: full in 5h 30m at this rate, then samples are lost"}},
      {"the spool is small, and emptied all the time",
       [](Snapshot& s) {
         s.spool.hours_left = 5.5;
         s.spool.oldest = s.now - 10 * test::kSecond;
       },
       "running",
       true,
       {}},
      {"a source fails",
       [](Snapshot& s) {
         s.sampling.sources[0].state = "failing";
         s.sampling.sources[0].error = "gone";
       },
       "degraded",
       true,
       {"source cpu: gone"}},
      {"a destination is away",
       [](Snapshot& s) {
         s.destinations[0].state = "backing off";
         s.destinations[0].last_error = "refused";
       },
       "degraded",
       true,
       {"destination central: refused"}},
      {"a destination holds",
       [](Snapshot& s) {
         s.destinations[0].state = "held";
         s.destinations[0].last_error = "401";
       },
       "degraded",
       true,
       {"destination central: 401"}},
      {"a reload was refused",
       [](Snapshot& s) { s.program.reload_fault = "line 3"; },
       "degraded",
       true,
       {"reload refused: line 3"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Snapshot snapshot = test::healthy();
    row.change(snapshot);
    CHECK(status::state(snapshot) == row.state);
    CHECK(status::is_ready(snapshot) == row.is_ready);
    CHECK(status::troubles(snapshot) == row.troubles);
  }
}
