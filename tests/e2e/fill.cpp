// SPDX-License-Identifier: Apache-2.0
// A spool as a long outage leaves it: fill DIRECTORY DESTINATION TICKS LAST_NANOS STEP_NANOS
// [MAX_SIZE [GAUGES]]. Each record is one tick of some gauges, with as much that cannot be
// compressed as a real tick has. With a bound (0: none) it prints how many ticks are held, and
// fails if the bound was ever passed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "spool/spool.hpp"

using namespace edgehaul;

namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7U)
    out.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  out.push_back(static_cast<char>(value));
  return out;
}

// A length-delimited protobuf field.
std::string field(unsigned number, const std::string& bytes) {
  return varint((number << 3U) | 2U) + varint(bytes.size()) + bytes;
}

std::string fixed(unsigned number, std::uint64_t value) {
  std::string out = varint((number << 3U) | 1U);
  for (unsigned byte = 0; byte < 8; ++byte)
    out.push_back(static_cast<char>((value >> (8 * byte)) & 0xFFU));
  return out;
}

// One point of one gauge; time_unix_nano = 3, as_int = 6.
std::string metric(const std::string& name, std::uint64_t time, std::uint64_t value) {
  return field(2, field(1, name) + field(5, field(1, fixed(3, time) + fixed(6, value))));
}

std::string tick(std::uint64_t time, std::uint64_t gauges, std::mt19937_64& random) {
  std::string metrics = metric("system.cpu.load_average.1m", time, 1);
  for (std::uint64_t i = 1; i < gauges; ++i)
    metrics += metric(fmt::format("noise.{}", i), time, random());
  return field(1, field(2, metrics));
}

int fill(const std::string& directory, const std::string& destination, std::uint64_t ticks,
         std::uint64_t last, std::uint64_t step, std::uint64_t max_size, std::uint64_t gauges) {
  const base::SystemClock clock;
  spool::Options options;
  options.directory = directory;
  options.destinations = {destination};
  if (max_size > 0) options.max_size = max_size;
  std::uint64_t largest = 0;
  auto spool = spool::Spool::open(options, clock, {});
  if (!spool) return 1;
  std::mt19937_64 random(ticks);
  for (std::uint64_t i = 0; i < ticks; ++i) {
    const std::uint64_t time = last - (ticks - 1 - i) * step;
    spool::NewRecord record{spool::Signal::metrics, spool::Origin::own,
                            static_cast<base::UnixNanos>(time), 1, tick(time, gauges, random)};
    // Some to each commit.
    if (i % 50 == 49 || i + 1 == ticks) {
      if (!(*spool)->append_and_wait(std::move(record))) return 1;
      largest = std::max(largest, (*spool)->stats().disk_bytes);
    } else {
      (*spool)->append(std::move(record), [](Result<spool::RecordId>) {});
    }
  }
  const std::uint64_t held = (*spool)->stats().held.records;
  if (max_size == 0) return held == ticks ? 0 : 1;
  fmt::print("{}\n", held);
  return largest <= max_size ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  log::start(log::Level::error, false);
  const std::vector<std::string> args(argv + 1, argv + argc);
  std::uint64_t numbers[5] = {0, 0, 0, 0, 31};
  bool reads = args.size() >= 5 && args.size() <= 7;
  for (std::size_t i = 0; reads && i + 2 < args.size(); ++i)
    reads = text::parse_into(args[i + 2], numbers[i]);
  if (!reads)
    return std::fprintf(stderr, "usage: fill DIR DESTINATION TICKS LAST STEP [MAX [GAUGES]]\n"), 2;
  return fill(args[0], args[1], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
}
