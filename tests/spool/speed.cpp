// SPDX-License-Identifier: Apache-2.0
// How fast the spool takes records on a given disk: speed DIRECTORY [THREADS] [SECONDS]. Not a
// test.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "spool/spool.hpp"

using namespace edgehaul;

namespace {

std::string noise(std::size_t size, std::uint64_t state) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

using Clock = std::chrono::steady_clock;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: speed DIRECTORY [THREADS] [SECONDS]\n"), 2;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 8;
  const std::chrono::seconds seconds(argc > 3 ? std::atoi(argv[3]) : 5);
  const base::SystemClock clock;
  spool::Options options;
  options.directory = argv[1];
  options.destinations = {"a"};
  auto opened = spool::Spool::open(options, clock, {});
  if (!opened) return std::fprintf(stderr, "%s\n", opened.error().message.c_str()), 1;
  spool::Spool& spool = **opened;

  std::vector<double> micros;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto start = Clock::now();
    if (!spool.append_and_wait(
            {spool::Signal::metrics, spool::Origin::own, clock.wall(), 1, noise(4096, i)})) {
      return 1;
    }
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("one append of 4 KiB at a time: median %.0f us, 99%% %.0f us\n", micros[250],
              micros[495]);

  const std::uint64_t commits = spool.stats().commits;
  std::atomic<std::uint64_t> taken{0};
  const auto start = Clock::now();
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      for (std::uint64_t i = 0; Clock::now() - start < seconds; ++i) {
        if (spool.append_and_wait({spool::Signal::metrics, spool::Origin::own, clock.wall(), 1,
                                   noise(4096, i * 64 + static_cast<std::uint64_t>(t))})) {
          ++taken;
        }
      }
    });
  }
  for (std::thread& one : pool)
    one.join();
  const double span = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("%d threads waiting for each: %.0f appends/s, %.1f per commit\n", threads,
              static_cast<double>(taken) / span,
              static_cast<double>(taken) / static_cast<double>(spool.stats().commits - commits));

  // As a server does: it goes on while the answers are out.
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> refused{0};
  const std::uint64_t before = spool.stats().commits;
  const auto again = Clock::now();
  std::uint64_t sent = 0;
  while (Clock::now() - again < seconds) {
    if (sent - answered > 512) {
      std::this_thread::yield();
      continue;
    }
    ++sent;
    spool.append({spool::Signal::metrics, spool::Origin::own, clock.wall(), 1, noise(4096, sent)},
                 [&](Result<spool::RecordId> id) {
                   refused += id ? 0U : 1U;
                   ++answered;
                 });
  }
  while (answered < sent)
    std::this_thread::yield();
  const double over = std::chrono::duration<double>(Clock::now() - again).count();
  std::printf("512 in flight from one thread: %.0f appends/s, %.1f per commit, %llu refused\n",
              static_cast<double>(answered) / over,
              static_cast<double>(answered) / static_cast<double>(spool.stats().commits - before),
              static_cast<unsigned long long>(refused));
  return 0;
}
