// SPDX-License-Identifier: Apache-2.0
#include "sources/host/time.hpp"

#include <sys/timex.h>
#include <cerrno>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Adjtimex answers(int state, int status, long offset) {
  return [=](timex& out) {
    CHECK(out.modes == 0);  // only looking
    out.status = status;
    out.offset = offset;
    out.freq = -65536 * 20L;
    out.maxerror = 1500000;
    out.esterror = 25;
    return state;
  };
}

}  // namespace

TEST_CASE("time: synchronised or not, offsets in microseconds or nanoseconds") {
  struct Row {
    int state;
    int status;
    long offset;
    int synchronised;
    double seconds;
  };
  const Row rows[] = {
      {TIME_OK, STA_PLL, 1500, 1, 0.0015},     {TIME_OK, STA_PLL | STA_NANO, -1500, 1, -0.0000015},
      {TIME_INS, STA_PLL | STA_NANO, 0, 1, 0}, {TIME_ERROR, STA_UNSYNC, 0, 0, 0},
      {TIME_ERROR, STA_PLL, 7, 0, 7e-6},       {TIME_OK, STA_UNSYNC, 7, 0, 7e-6},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    test::Probe probe;
    Time time(answers(row.state, row.status, row.offset));
    REQUIRE(probe.tick(time));
    CHECK(probe.integer("system.time.sync_status") == row.synchronised);
    CHECK(probe.real("system.time.offset").value_or(9) ==
          doctest::Approx(row.seconds).epsilon(1e-12));
    CHECK(probe.real("system.time.max_error") == 1.5);
    CHECK(probe.real("system.time.estimated_error").value_or(9) == doctest::Approx(25e-6));
    CHECK(probe.real("system.time.frequency_adjustment").value_or(9) == doctest::Approx(-20e-6));
    CHECK(probe.size() == 5);
  }
}

TEST_CASE("time: recorded machines, a refusal, nobody to ask") {
  test::Probe probe;
  Time server(make_adjtimex(test::machine("big-server")));
  REQUIRE(probe.tick(server));
  CHECK(probe.integer("system.time.sync_status") == 1);
  CHECK(probe.real("system.time.offset").value_or(9) == doctest::Approx(-0.00025));
  Time edge(make_adjtimex(test::machine("arm-edge")));
  REQUIRE(probe.tick(edge));
  CHECK(probe.integer("system.time.sync_status") == 0);
  CHECK(probe.real("system.time.max_error") == 16);
  for (const int error : {EPERM, ENOSYS}) {
    CAPTURE(error);
    Time barred([error](timex&) {
      errno = error;
      return -1;
    });
    CHECK(probe.tick(barred).error().code == Errc::absent);
  }
  Time broken([](timex&) {
    errno = EFAULT;
    return -1;
  });
  CHECK(probe.tick(broken).error().code != Errc::absent);
  Time hostile(make_adjtimex(test::machine("hostile")));
  CHECK(probe.tick(hostile).error().code == Errc::absent);
  CHECK(probe.size() == 0);
}
