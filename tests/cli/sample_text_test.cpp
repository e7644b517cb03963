// SPDX-License-Identifier: Apache-2.0
#include "cli/sample_text.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;

TEST_CASE("sample text: one line per point, hostile names stay on it") {
  metric::Batch batch;
  const metric::Selection selection;
  batch.begin(1000, 1, selection);
  batch.add(metric::id("system.disk.io"), std::uint64_t{512},
            {{"device", "s\"d\na"}, {"direction", "read"}});
  batch.add(metric::id("system.cpu.load_average.1m"), 0.25);
  const metric::Attributes host{{"host.name", std::string("edge-1")},
                                {"host.ip", std::vector<std::string>{"::1", "fe80::1"}}};
  CHECK(cli::sample_text(batch, host) ==
        "# host.name=\"edge-1\" host.ip=[\"::1\",\"fe80::1\"]\n"
        "system.disk.io{device=\"s\\\"d\\x0aa\",direction=\"read\"} 512 By\n"
        "system.cpu.load_average.1m 0.25 {thread}\n");
}

TEST_CASE("sample text: points of other resources say which") {
  metric::Batch batch;
  const metric::Selection selection;
  batch.begin(1000, 1, selection);
  const auto process = batch.add_resource({{"process.pid", std::int64_t{7}}});
  batch.add_integer(metric::id("system.disk.io"), 1, {}, process, 0, 0);
  CHECK(cli::sample_text(batch, {}) == "# \nsystem.disk.io 1 By [process.pid=7]\n");
}
