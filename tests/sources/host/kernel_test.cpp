// SPDX-License-Identifier: Apache-2.0
#include "sources/host/kernel.hpp"

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Kernel make(const base::Roots& roots) {
  return {roots, KernelOptions(), std::make_shared<KernelFiles>(roots)};
}

}  // namespace

TEST_CASE("kernel: big server") {
  test::Probe probe;
  Kernel kernel = make(test::machine("big-server"));
  REQUIRE(probe.tick(kernel));
  CHECK(probe.integer("system.linux.context_switches") == 123456789012);
  CHECK(probe.integer("system.linux.interrupts") == 98765432109);
  CHECK(probe.integer("system.linux.boot_time") == 1730000000);
  CHECK(probe.integer("system.linux.file_handle.count") == 45056);
  CHECK(probe.integer("system.linux.file_handle.limit") == INT64_MAX);
  CHECK(probe.integer("system.linux.entropy.available") == 256);
  CHECK(probe.integer("system.memory.linux.oom_kills") == 5);
  CHECK(probe.size() == 7);
}

TEST_CASE("kernel: what an older kernel lacks is no fault") {
  test::TempDir dir;
  dir.write("proc/stat", "ctxt 1\nintr 2 3\n");
  test::Probe probe;
  Kernel kernel = make(dir.roots());
  CHECK(probe.tick(kernel));
  CHECK(probe.size() == 2);
}

TEST_CASE("kernel: file-nr") {
  CHECK(parse_file_nr("169\t0\t2466174\n")->limit == 2466174);
  for (const char* body : {"", "169", "169 0", "169 0 x", "-1 0 5", "169 0 18446744073709551616"}) {
    CAPTURE(body);
    CHECK_FALSE(parse_file_nr(body));
  }
}

TEST_CASE("kernel: hostile and missing") {
  test::Probe probe;
  Kernel kernel = make(test::machine("hostile"));
  const auto result = probe.tick(kernel);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("more)") != std::string::npos);
  CHECK(probe.integer("system.memory.linux.oom_kills") == 3);
  test::TempDir dir;
  Kernel missing = make(dir.roots());
  CHECK(probe.tick(missing).error().code == Errc::absent);
  CHECK(probe.size() == 0);
}
