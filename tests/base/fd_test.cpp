// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace edgehaul;

TEST_CASE("fd: a whole file, within its bound") {
  const test::TempDir dir;
  dir.write("small", "one\ntwo\n");
  dir.write("big", std::string(100'000, 'x'));
  std::string buffer;
  CHECK(base::read_file(dir.at("small"), buffer) == "one\ntwo\n");
  CHECK(base::read_file(dir.at("big"), buffer)->size() == 100'000);
  CHECK(base::read_file(dir.at("big"), buffer, 99'999).error().code == Errc::too_large);
  CHECK(base::read_file(dir.at("big"), buffer, 100'000)->size() == 100'000);
  CHECK(base::read_file(dir.at("none"), buffer).error().code == Errc::absent);
  CHECK(base::read_line(dir.at("small")) == "one");
}

TEST_CASE("fd: errors name the path and the reason") {
  std::string buffer;
  const auto gone = base::read_file("/nonexistent/file", buffer);
  CHECK(gone.error().message == "/nonexistent/file: No such file or directory");
  const auto folder = base::read_file("/", buffer);
  CHECK(folder.error().code == Errc::io);
}

TEST_CASE("fd: durable writes replace the file whole") {
  const test::TempDir dir;
  REQUIRE(base::write_file_durably(dir.at("state"), "first"));
  REQUIRE(base::write_file_durably(dir.at("state"), "second"));
  CHECK(base::read_line(dir.at("state")) == "second");
  CHECK_FALSE(base::write_file_durably(dir.at("no/such/folder"), "x").has_value());
}
