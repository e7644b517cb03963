// SPDX-License-Identifier: Apache-2.0
// A spool in a folder of its own, with short words for what the tests do to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "spool/spool.hpp"
#include "support/shared_clock.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::test {

using namespace std::chrono_literals;

// Bytes that zstd cannot shrink, different for each seed.
inline std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

inline spool::NewRecord record(std::string body, spool::Signal signal = spool::Signal::metrics,
                               spool::Origin origin = spool::Origin::own,
                               base::UnixNanos time = 1'700'000'000'000'000'000) {
  return {signal, origin, time, 3, std::move(body)};
}

class Rig {
 public:
  Rig() { log::start(log::Level::error, false); }

  spool::Options options() const {
    spool::Options options;
    options.directory = dir.at("spool");
    options.max_size = 8U << 20;
    options.destinations = destinations;
    return options;
  }
  void open() { open(options()); }
  void open(const spool::Options& with) {
    spool.reset();
    auto opened = spool::Spool::open(with, clock, {});
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    spool = std::move(*opened);
  }
  spool::RecordId add(std::string body, spool::Signal signal = spool::Signal::metrics) {
    auto id =
        spool->append_and_wait(record(std::move(body), signal, spool::Origin::own, clock.wall()));
    REQUIRE_MESSAGE(id.has_value(), (id ? "" : id.error().message));
    return *id;
  }
  // noise(size, seed) for seeds from `from` up to `to`, a few to each commit.
  void fill(std::uint64_t from, std::uint64_t to, std::size_t size,
            spool::Signal signal = spool::Signal::metrics) {
    for (std::uint64_t i = from; i < to; ++i) {
      if (i % 64 == 63 || i + 1 == to) {
        add(noise(size, i), signal);
      } else {
        spool->append(record(noise(size, i), signal, spool::Origin::own, clock.wall()),
                      [](Result<spool::RecordId> id) { CHECK(id.has_value()); });
      }
    }
  }
  std::vector<spool::Record> lease(std::size_t index, const spool::Wanted& wanted = {}) {
    auto records = spool->lease(index, wanted);
    REQUIRE(records.has_value());
    return std::move(*records);
  }
  std::vector<std::string> bodies(std::size_t index, const spool::Wanted& wanted = {}) {
    std::vector<std::string> all;
    for (auto& one : lease(index, wanted))
      all.push_back(std::move(one.body));
    return all;
  }
  void settle(std::size_t index, const std::vector<spool::RecordId>& ids,
              spool::Outcome outcome = spool::Outcome::delivered, std::string_view words = {}) {
    REQUIRE(spool->settle(index, ids, outcome, words).has_value());
  }
  // What was settled and waits for the next commit goes by itself after a while.
  void write_settled() {
    clock.advance(30s);
    spool->load_value("x").value();
    spool->load_value("x").value();  // behind whatever the one before set off
  }
  std::string file(std::string_view name = "spool.db") const {
    return dir.at("spool/" + std::string(name));
  }

  TempDir dir;
  SharedClock clock;
  std::vector<std::string> destinations{"a"};
  std::unique_ptr<spool::Spool> spool;
};

inline std::vector<spool::RecordId> ids_of(const std::vector<spool::Record>& records) {
  std::vector<spool::RecordId> ids;
  for (const auto& one : records)
    ids.push_back(one.id);
  return ids;
}

}  // namespace edgehaul::test
