// SPDX-License-Identifier: Apache-2.0
// host_tick_cost [TICKS [ROOT]]: CPU time of this thread per tick and source, default options and
// default metrics, buffers warm. Prints to stdout; nothing is asserted.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "sources/host/boot.hpp"
#include "sources/host/sources.hpp"

using namespace edgehaul;

namespace {

double cpu_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  const int ticks = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 1000;
  const base::Roots roots = argc > 2 ? base::Roots::below(argv[2]) : base::Roots();
  const base::SystemClock clock;
  const metric::Selection selection;
  metric::Batch batch;
  auto sources = host::make_sources(roots, host::Options(), clock);
  const base::UnixNanos boot = host::boot_time(roots, clock);
  std::vector<double> spent(sources.size());
  for (int tick = -10; tick < ticks; ++tick) {  // the first ten open files and grow buffers
    batch.begin(clock.wall(), boot, selection);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const double before = cpu_microseconds();
      const auto result = sources[i]->read(batch);
      if (tick >= 0) spent[i] += cpu_microseconds() - before;
      if (tick == 0 && !result && result.error().code != Errc::absent)
        std::printf("%s: %s\n", std::string(sources[i]->name()).c_str(),
                    result.error().message.c_str());
    }
  }
  double total = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    total += spent[i];
    std::printf("%-12s %8.1f us\n", std::string(sources[i]->name()).c_str(), spent[i] / ticks);
  }
  std::printf("%-12s %8.1f us, %zu points\n", "all", total / ticks, batch.points().size());
  return 0;
}
