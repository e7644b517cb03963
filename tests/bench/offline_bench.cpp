// SPDX-License-Identifier: Apache-2.0
// A made-up host at a tick every 10 s, and its spool while nobody takes anything. Each prints one
// line of JSON; the clock is the bench's own, disk and processor are the machine's.
//   offline_bench fill DIRECTORY HOURS CONTAINERS [MAX_SIZE_MIB [LOSS_WINDOW_SECONDS]]
//   offline_bench drain DIRECTORY          leases, codes and settles all that a fill left
//   offline_bench requests HOURS CONTAINERS  the same ticks on standard output, each as OTLP behind
//                                            its size in four little-endian bytes
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/codec.hpp"
#include "base/text.hpp"
#include "bench/offline_host.hpp"
#include "otlp/encode.hpp"
#include "spool/spool.hpp"

using namespace edgehaul;

namespace {

constexpr std::uint64_t kTicksPerHour = 360;

class OwnClock final : public base::Clock {
 public:
  base::UnixNanos wall() const override { return now; }
  base::Steady steady() const override { return base::Steady(since_boot()); }
  std::chrono::nanoseconds since_boot() const override {
    return std::chrono::nanoseconds(now - 1'760'000'000'000'000'000);
  }
  std::atomic<std::int64_t> now{1'764'000'000'000'000'000};
};

// What this process handed to the system to write, and pages that the system has to write for it.
struct Written {
  std::uint64_t bytes = 0;
  std::uint64_t pages = 0;

  static Written now() {
    std::ifstream io("/proc/self/io");
    std::string name;
    std::uint64_t value = 0;
    Written written;
    while (io >> name >> value) {
      if (name == "wchar:") written.bytes = value;
      if (name == "write_bytes:") written.pages = value;
    }
    return written;
  }
};

double cpu() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

std::uint64_t peak() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::uint64_t value = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> value) return value * 1024;
  }
  return 0;
}

// The ticks of the host, one after the other.
class Ticks {
 public:
  explicit Ticks(std::size_t containers) : host_(containers, 12) {}

  std::string next(base::UnixNanos time) {
    host_.fill(batch_, time, selection_);
    return encoder_.encode(batch_, about_);
  }
  std::uint32_t points() const { return static_cast<std::uint32_t>(batch_.points().size()); }

 private:
  bench::Host host_;
  metric::Selection selection_;
  metric::Batch batch_;
  otlp::Encoder encoder_{"1.0"};
  const metric::Attributes about_{{"host.name", std::string("edge-0042")},
                                  {"host.id", std::string("4f1c2d3e4b5a69788796a5b4c3d2e1f0")},
                                  {"service.name", std::string("edgehaul")},
                                  {"os.type", std::string("linux")}};
};

struct Sums {
  std::uint64_t points = 0;
  std::uint64_t otlp_zstd = 0;  // each tick by itself, as a queue of requests would keep it
  double cpu = 0;
};

bool append(spool::Spool& spool, OwnClock& clock, Ticks& ticks, std::uint64_t ticks_wanted,
            Sums& sums) {
  constexpr std::uint64_t kSampled = 60;
  for (std::uint64_t i = 0; i < ticks_wanted; ++i) {
    std::string request = ticks.next(clock.now += 10'000'000'000);
    sums.points += ticks.points();
    if (i % kSampled == 0) {
      sums.otlp_zstd += kSampled * codec::encode(codec::Coding::zstd, request)->size();
    }
    const double begun = cpu();
    if (!spool.append_and_wait({spool::Signal::metrics, spool::Origin::own, clock.now.load(),
                                ticks.points(), std::move(request)})) {
      return false;
    }
    static_cast<void>(spool.load_value("x"));  // whatever the tick set off is part of its price
    sums.cpu += cpu() - begun;
  }
  return true;
}

Result<std::unique_ptr<spool::Spool>> open(const std::string& directory, const OwnClock& clock,
                                           spool::Options options) {
  options.directory = directory;
  options.destinations = {"a"};
  options.max_age = std::chrono::hours(24 * 365);
  return spool::Spool::open(std::move(options), clock, {});
}

int fill(const std::string& directory, const std::vector<std::uint64_t>& numbers) {
  OwnClock clock;
  spool::Options options;
  if (numbers.size() > 2) options.max_size = numbers[2] << 20;
  if (numbers.size() > 3) options.loss_window = std::chrono::seconds(numbers[3]);
  const std::uint64_t wanted = numbers[0] * kTicksPerHour;
  const std::uint64_t before = peak();
  auto spool = open(directory, clock, options);
  if (!spool) return std::fprintf(stderr, "%s\n", spool.error().message.c_str()), 1;
  Ticks ticks(numbers[1]);
  Sums sums;
  const Written written_before = Written::now();
  if (!append(**spool, clock, ticks, wanted, sums)) return 1;
  const spool::Stats full = (*spool)->stats();
  (*spool)->stop(std::chrono::seconds(60));
  const Written written = Written::now();
  fmt::print(
      R"({{"ticks":{},"points":{},"held":{},"disk":{},"stored":{},"written":{},"pages":{},)"
      R"("otlp_zstd":{},"cpu_per_tick_us":{:.0f},"rss_before":{},"rss_full":{},"thinned":{},)"
      R"("dropped":{}}})"
      "\n",
      wanted, sums.points, full.held.items, full.disk_bytes, full.held.bytes,
      written.bytes - written_before.bytes, written.pages - written_before.pages, sums.otlp_zstd,
      sums.cpu / static_cast<double>(wanted) * 1e6, before, peak(), full.dropped_thinned,
      full.dropped_size);
  return 0;
}

int drain(const std::string& directory) {
  const OwnClock clock;
  auto spool = open(directory, clock, {});
  if (!spool) return std::fprintf(stderr, "%s\n", spool.error().message.c_str()), 1;
  std::uint64_t points = 0;
  std::uint64_t zstd = 0;
  std::uint64_t gzip = 0;
  std::chrono::duration<double> took{0};
  for (;;) {
    const auto begun = std::chrono::steady_clock::now();
    const auto records = (*spool)->lease(0, {});
    if (!records || records->empty()) break;
    std::string body;
    std::vector<spool::RecordId> ids;
    for (const spool::Record& record : *records) {
      body += record.body;
      ids.push_back(record.id);
      points += record.items;
    }
    zstd += codec::encode(codec::Coding::zstd, body)->size();
    if (!(*spool)->settle(0, ids, spool::Outcome::delivered)) return 1;
    took += std::chrono::steady_clock::now() - begun;
    gzip += codec::encode(codec::Coding::gzip, body)->size();
  }
  fmt::print(R"({{"points":{},"zstd":{},"gzip":{},"seconds":{:.2f},"rss":{}}})"
             "\n",
             points, zstd, gzip, took.count(), peak());
  return 0;
}

int requests(const std::vector<std::uint64_t>& numbers) {
  OwnClock clock;
  Ticks ticks(numbers[1]);
  for (std::uint64_t i = 0; i < numbers[0] * kTicksPerHour; ++i) {
    const std::string request = ticks.next(clock.now += 10'000'000'000);
    const auto size = static_cast<std::uint32_t>(request.size());
    if (std::fwrite(&size, sizeof size, 1, stdout) != 1 ||
        std::fwrite(request.data(), request.size(), 1, stdout) != 1) {
      return 1;
    }
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

int usage() {
  std::fputs(
      "usage: offline_bench fill DIR HOURS CONTAINERS [MIB [SECONDS]] | drain DIR | requests HOURS "
      "CONTAINERS\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 2 && args[0] == "drain") return drain(args[1]);
  const std::size_t first = !args.empty() && args[0] == "fill" ? 2 : 1;
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = first; i < args.size(); ++i) {
    const auto number = text::parse_u64(args[i]);
    if (!number) return usage();
    numbers.push_back(*number);
  }
  if (numbers.size() < 2) return usage();
  if (args[0] == "fill") return fill(args[1], numbers);
  return args[0] == "requests" ? requests(numbers) : usage();
}
