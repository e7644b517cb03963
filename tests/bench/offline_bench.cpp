// SPDX-License-Identifier: Apache-2.0
// offline_bench DIRECTORY HOURS CONTAINERS [MAX_SIZE_MIB]: so many hours without a destination at a
// tick every 10 s, then the way out; prints one line of JSON. The clock is the bench's own, disk
// and processor are the machine's.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/codec.hpp"
#include "base/fd.hpp"
#include "bench/offline_host.hpp"
#include "otlp/encode.hpp"
#include "spool/spool.hpp"

using namespace edgehaul;

namespace {

class OwnClock final : public base::Clock {
 public:
  base::UnixNanos wall() const override { return now; }
  base::Steady steady() const override { return base::Steady(since_boot()); }
  std::chrono::nanoseconds since_boot() const override {
    return std::chrono::nanoseconds(now - 1'760'000'000'000'000'000);
  }
  std::atomic<std::int64_t> now{1'764'000'000'000'000'000};
};

// What this process handed to the system to write.
double written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  double value = 0;
  while (io >> name >> value) {
    if (name == "wchar:") return value;
  }
  return 0;
}

double cpu() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double resident() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double value = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> value) return value * 1024;
  }
  return 0;
}

struct Sums {
  double points = 0;
  double otlp_zstd = 0;  // each tick by itself, as a queue of requests would keep it
  double append_cpu = 0;
  double before = 0;  // resident, before the first tick
};

Sums fill(spool::Spool& spool, OwnClock& clock, int hours, std::size_t containers) {
  Sums sums;
  bench::Host host(containers, 12);
  metric::Selection selection;
  metric::Batch batch;
  otlp::Encoder encoder("1.0");
  const metric::Attributes about{{"host.name", std::string("edge-0042")},
                                 {"host.id", std::string("4f1c2d3e4b5a69788796a5b4c3d2e1f0")},
                                 {"service.name", std::string("edgehaul")},
                                 {"os.type", std::string("linux")}};
  sums.before = resident();
  for (int i = 0; i < hours * 360; ++i) {
    clock.now += 10'000'000'000;
    host.fill(batch, clock.now, selection);
    std::string request = encoder.encode(batch, about);
    const auto points = static_cast<std::uint32_t>(batch.points().size());
    sums.points += points;
    if (i % 60 == 0) {
      sums.otlp_zstd +=
          60 * static_cast<double>(codec::encode(codec::Coding::zstd, request)->size());
    }
    const double begun = cpu();
    if (!spool.append_and_wait({spool::Signal::metrics, spool::Origin::own, clock.now.load(),
                                points, std::move(request)})) {
      std::exit(1);
    }
    static_cast<void>(spool.load_value("x"));  // whatever the tick set off is part of its price
    sums.append_cpu += cpu() - begun;
  }
  return sums;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::fprintf(stderr, "usage: offline_bench DIRECTORY HOURS CONTAINERS\n"), 2;
  const int hours = std::atoi(argv[2]);
  OwnClock clock;
  spool::Options options;
  options.directory = argv[1];
  options.destinations = {"a"};
  options.max_age = std::chrono::hours(24 * 365);
  if (argc > 4) options.max_size = static_cast<std::uint64_t>(std::atoi(argv[4])) << 20;
  auto opened = spool::Spool::open(options, clock, {});
  if (!opened) return std::fprintf(stderr, "%s\n", opened.error().message.c_str()), 1;
  spool::Spool& spool = **opened;

  const double written_before = written();
  const Sums sums = fill(spool, clock, hours, static_cast<std::size_t>(std::atoi(argv[3])));
  const double wrote = written() - written_before;
  const spool::Stats full = spool.stats();
  const double resident_full = resident();

  double raw = 0;
  double zstd = 0;
  double gzip = 0;
  double left = 0;
  std::chrono::duration<double> out{0};
  spool::Wanted wanted;
  wanted.max_bytes = 3'500'000;
  for (;;) {
    const auto begun = std::chrono::steady_clock::now();
    auto records = spool.lease(0, wanted);
    if (!records || records->empty()) break;
    std::string body;
    std::vector<spool::RecordId> ids;
    for (const spool::Record& record : *records) {
      body += record.body;
      ids.push_back(record.id);
      left += record.items;
    }
    zstd += static_cast<double>(codec::encode(codec::Coding::zstd, body)->size());
    if (!spool.settle(0, ids, spool::Outcome::delivered)) return 1;
    out += std::chrono::steady_clock::now() - begun;
    gzip += static_cast<double>(codec::encode(codec::Coding::gzip, body)->size());
    raw += static_cast<double>(body.size());
  }
  std::printf(
      "{\"ticks\": %d, \"points\": %.0f, \"points_left\": %.0f, \"disk\": %llu, \"stored\": %llu, "
      "\"written\": %.0f, \"otlp_zstd\": %.0f, \"cpu_per_tick_us\": %.0f, \"rss_before\": %.0f, "
      "\"rss_full\": %.0f, \"rss_drained\": %.0f, \"raw\": %.0f, \"gzip\": %.0f, \"zstd\": %.0f, "
      "\"drain_seconds\": %.2f, \"dropped\": %llu}\n",
      hours * 360, sums.points, left, static_cast<unsigned long long>(full.disk_bytes),
      static_cast<unsigned long long>(full.held.bytes), wrote, sums.otlp_zstd,
      sums.append_cpu / hours / 360 * 1e6, sums.before, resident_full, resident(), raw, gzip, zstd,
      out.count(), static_cast<unsigned long long>(full.dropped_size));
  return 0;
}
