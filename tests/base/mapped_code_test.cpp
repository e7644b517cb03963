// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_code.hpp"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace edgehaul;

namespace {

int written = 7;
const char kConstant[] = "as it lies in the file";

// Resident pages of files, in KiB (proc_pid_status(5)).
std::uint64_t resident_files() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("RssFile:")) continue;
    std::string_view rest = std::string_view(line).substr(8);
    return text::parse_u64(text::next_field(rest)).value_or(0);
  }
  return 0;
}

// Reads each page of this program's file as it is mapped.
void touch_all() {
  std::ifstream maps("/proc/self/maps");
  std::uint64_t sum = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" r-xp ") == std::string::npos || line.find("base_test") == std::string::npos)
      continue;
    std::size_t used = 0;
    const std::uint64_t begin = std::stoull(line, &used, 16);
    const std::uint64_t end = std::stoull(line.substr(used + 1), nullptr, 16);
    for (std::uint64_t at = begin; at < end; at += 4096)
      sum += *reinterpret_cast<const volatile unsigned char*>(at);
  }
  CHECK(sum > 0);
}

}  // namespace

TEST_CASE("mapped code: what is not used again is not resident, and everything is as it was") {
  written = 42;
  touch_all();
  const std::uint64_t before = resident_files();
  const std::size_t given_up = base::let_go_of_code();
  const std::uint64_t after = resident_files();
  CHECK(given_up > 0);
  CHECK(after < before);
  CHECK(written == 42);
  CHECK(std::string_view(kConstant) == "as it lies in the file");
  touch_all();
  CHECK(resident_files() > after);
}
