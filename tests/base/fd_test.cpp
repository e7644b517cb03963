// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include <fcntl.h>
#include <algorithm>

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

TEST_CASE("fd: files of short records are read whole, with and without asking for their end") {
  const test::TempDir dir;
  std::string whole;
  std::string parts;
  for (const std::size_t size : {0U, 1U, 1023U, 1024U, 4095U, 4096U, 4097U, 100'000U}) {
    dir.write("file", std::string(size, 'x'));
    const auto file = base::open_at(AT_FDCWD, dir.at("file").c_str());
    REQUIRE(file);
    CHECK(base::read_fd_of_short_records(file->get(), parts)->size() == size);
  }
  const auto big = base::open_at(AT_FDCWD, dir.at("file").c_str());
  CHECK(base::read_fd_of_short_records(big->get(), parts, 99'999).error().code == Errc::too_large);
  // Of several pages, several records or one.
  for (const char* path : {"/proc/vmstat", "/proc/net/netstat", "/proc/uptime", "/proc/version"}) {
    CAPTURE(path);
    const auto file = base::open_at(AT_FDCWD, path);
    REQUIRE(file);
    const auto lines = [](std::string_view text) {
      return std::count(text.begin(), text.end(), '\n');
    };
    CHECK(lines(*base::read_fd_of_short_records(file->get(), parts)) ==
          lines(*base::read_fd(file->get(), whole)));
  }
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
