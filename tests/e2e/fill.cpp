// SPDX-License-Identifier: Apache-2.0
// A spool as a long outage leaves it: fill DIRECTORY DESTINATION TICKS LAST_NANOS STEP_NANOS. Each
// record is one tick of one gauge, with as much that cannot be compressed as a real tick has.
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

std::string tick(std::uint64_t time, std::mt19937_64& random) {
  std::string noise;
  while (noise.size() < 400)
    noise += fmt::format("{:016x}", random());
  std::string point("\x19", 1);  // time_unix_nano = 3, fixed64
  for (unsigned byte = 0; byte < 8; ++byte)
    point.push_back(static_cast<char>((time >> (8 * byte)) & 0xFFU));
  point += field(7, field(1, "noise") + field(2, field(1, noise)));
  const std::string metric = field(1, "system.cpu.load_average.1m") + field(5, field(1, point));
  return field(1, field(2, field(2, metric)));
}

int fill(const std::string& directory, const std::string& destination, std::uint64_t ticks,
         std::uint64_t last, std::uint64_t step) {
  const base::SystemClock clock;
  spool::Options options;
  options.directory = directory;
  options.destinations = {destination};
  auto spool = spool::Spool::open(options, clock, {});
  if (!spool) return 1;
  std::mt19937_64 random(ticks);
  for (std::uint64_t i = 0; i < ticks; ++i) {
    const std::uint64_t time = last - (ticks - 1 - i) * step;
    spool::NewRecord record{spool::Signal::metrics, spool::Origin::own,
                            static_cast<base::UnixNanos>(time), 1, tick(time, random)};
    // Some to each commit.
    if (i % 50 == 49 || i + 1 == ticks) {
      if (!(*spool)->append_and_wait(std::move(record))) return 1;
    } else {
      (*spool)->append(std::move(record), [](Result<spool::RecordId>) {});
    }
  }
  return (*spool)->stats().held.records == ticks ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  log::start(log::Level::error, false);
  const std::vector<std::string> args(argv + 1, argv + argc);
  std::uint64_t numbers[3] = {};
  bool reads = args.size() == 5;
  for (std::size_t i = 0; reads && i < 3; ++i)
    reads = text::parse_into(args[i + 2], numbers[i]);
  if (!reads) return std::fprintf(stderr, "usage: fill DIR DESTINATION TICKS LAST STEP\n"), 2;
  return fill(args[0], args[1], numbers[0], numbers[1], numbers[2]);
}
