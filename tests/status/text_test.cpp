// SPDX-License-Identifier: Apache-2.0
#include "status/text.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "base/fd.hpp"
#include "status/filled.hpp"
#include "status/json.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;

namespace {

std::string shown(const status::Snapshot& snapshot, bool with_colour = false) {
  return status::render(boost::json::parse(status::to_json(snapshot)), with_colour);
}

std::string golden(const char* name) {
  std::string buffer;
  const auto text = base::read_file(test::source_file(name), buffer);
  REQUIRE(text.has_value());
  return std::string(*text);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("status text: all is well, and everything at once") {
  CHECK(shown(test::healthy()) == golden("status/healthy.txt"));
  CHECK(shown(test::filled()) == golden("status/filled.txt"));
}

TEST_CASE("status text: before the first tick, without a destination") {
  const std::string text = shown({});
  CHECK(has(text, "starting"));
  CHECK(has(text, "nowhere: no destination is configured"));
}

TEST_CASE("status text: what people must notice") {
  status::Snapshot snapshot = test::healthy();
  snapshot.spool.mode = spool::Mode::memory;
  snapshot.spool.trouble = "No space left on device";
  snapshot.spool.persistent = false;
  snapshot.spool.file_system = "tmpfs";
  const std::string text = shown(snapshot);
  CHECK(has(text, "in memory only: No space left on device"));
  CHECK(has(text, "tmpfs does not survive a reboot"));
  CHECK(has(text, "degraded"));
}

TEST_CASE("status text: colour only when asked for, and no foreign control characters") {
  status::Snapshot snapshot = test::filled();
  snapshot.destinations[0].last_error = "evil \x1b[2J\r\nline";
  snapshot.peers[0].name = "peer\x1b]0;title\a";
  const std::string plain = shown(snapshot);
  CHECK_FALSE(has(plain, "\x1b"));
  CHECK_FALSE(has(plain, "\a"));
  CHECK(has(plain, "evil ?[2J??line"));
  CHECK(has(shown(snapshot, true), "\x1b[33mdegraded\x1b[0m"));
}

TEST_CASE("status text: documents of other shapes are survived") {
  for (const char* document :
       {"null", "1", "\"x\"", "[]", "{}", R"({"program":[],"sampler":{"sources":[1,null,{}]}})",
        R"({"now":"soon","spool":{"oldest":"2026-99-99T","hours_left":1e300,"disk_bytes":-5}})",
        R"({"now":"2026-05-28T20:26:40Z","spool":{"oldest":"0001-01-01T00:00:00Z"}})",
        R"({"destinations":[{"delivered_records":1e30,"next_try":7}],"receive":{"peers":3}})"}) {
    CAPTURE(document);
    CHECK(has(status::render(boost::json::parse(document), false), "edgehaul"));
  }
}
