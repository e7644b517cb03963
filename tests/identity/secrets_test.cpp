// SPDX-License-Identifier: Apache-2.0
// The recorded machines hold tokens and passwords, all with one mark. None may be found after the
// detectors ran: in attributes, in notes, or anywhere in this process's writable memory.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "identity/identity.hpp"
#include "identity/secret_file.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;

namespace {

// Kept with one bit of each byte turned, so that neither this test nor its stack holds the mark.
constexpr unsigned char kTurned = 0x01;
constexpr std::string_view kMark = "r2bs2u,";  // "s3cr3t-" with that bit turned

bool has_mark(std::string_view bytes) {
  const auto equal = [](char held, char turned) {
    return (static_cast<unsigned char>(held) ^ kTurned) == static_cast<unsigned char>(turned);
  };
  return std::search(bytes.begin(), bytes.end(), kMark.begin(), kMark.end(), equal) != bytes.end();
}

std::string mark() {
  std::string out;
  for (const char c : kMark)
    out += static_cast<char>(static_cast<unsigned char>(c) ^ kTurned);
  return out;
}

// A sanitizer's shadow is terabytes of memory to look through.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kHasShadow = true;
#else
constexpr bool kHasShadow = false;
#endif

// Looks through all writable memory of this process.
bool memory_has_mark() {
  std::ifstream maps("/proc/self/maps");
  const base::Fd memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  REQUIRE(static_cast<bool>(memory));
  // Each read begins a mark's length before the last one's end.
  static std::vector<char> window(1 << 16);
  bool is_found = false;
  for (std::string line; std::getline(maps, line);) {
    std::string_view rest = line;
    const auto range = text::split_once(text::next_field(rest), '-');
    if (text::next_field(rest).find("rw") != 0) continue;
    std::uint64_t at = *text::parse_u64(range->head, 16);
    const std::uint64_t end = *text::parse_u64(range->tail, 16);
    while (at < end) {
      const std::size_t size = std::min<std::uint64_t>(window.size(), end - at);
      const ssize_t got = ::pread(memory.get(), window.data(), size, static_cast<off_t>(at));
      if (got <= 64) break;
      const auto taken = static_cast<std::uint64_t>(got);
      is_found = is_found || has_mark({window.data(), taken});
      at += at + taken < end ? taken - kMark.size() : taken;
    }
    std::fill(window.begin(), window.end(), 0);
  }
  return is_found;
}

std::vector<std::string> machines() {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_file("fixtures"))) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace

TEST_CASE("secrets: the scan finds what is there" * doctest::skip(kHasShadow)) {
  REQUIRE(!memory_has_mark());
  auto kept = std::make_unique<std::string>("a token: " + mark() + "x, long enough for the heap");
  CHECK(memory_has_mark());
  std::fill(kept->begin(), kept->end(), 'x');
  CHECK(!memory_has_mark());
  const auto file = identity::SecretFile::read(
      test::source_file("fixtures/palette-appliance/oem/90_custom.yaml"), 1 << 20);
  REQUIRE(file.has_value());
  CHECK(memory_has_mark());
}

TEST_CASE("secrets: nothing of them outlives the detectors" * doctest::skip(kHasShadow)) {
  REQUIRE(!memory_has_mark());
  int known = 0;
  for (const std::string& machine : machines()) {
    CAPTURE(machine);
    const identity::Identity found = identity::resolve(base::Roots::below(machine), {});
    known += static_cast<int>(found.details.size());
    CHECK(!memory_has_mark());
    for (const std::string& note : found.notes)
      CHECK(!has_mark(note));
    for (const auto* attributes : {&found.attributes, &found.details}) {
      for (const auto& [key, value] : *attributes) {
        CHECK(!has_mark(key));
        CHECK(!has_mark(std::get<std::string>(value)));
      }
    }
  }
  CHECK(known > 50);
}

TEST_CASE("secrets: a file that fails half way is wiped too" * doctest::skip(kHasShadow)) {
  const std::string folder = test::source_file("fixtures/palette-appliance/oem");
  const auto file = identity::SecretFile::read(folder + "/90_custom.yaml", 500);
  REQUIRE(!file.has_value());
  CHECK(file.error().code == Errc::too_large);
  CHECK(!memory_has_mark());
  CHECK(identity::SecretFile::read(folder, 500).error().code == Errc::malformed);
  CHECK(identity::SecretFile::read(folder + "/none", 500).error().code == Errc::absent);
}
