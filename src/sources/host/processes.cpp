// SPDX-License-Identifier: Apache-2.0
#include "sources/host/processes.hpp"

#include <numeric>

namespace edgehaul::host {

namespace {

constexpr metric::Id kCreated = metric::id("system.processes.created");
constexpr metric::Id kCount = metric::id("system.processes.count");

constexpr std::string_view kStatus[kProcessStates] = {"blocked",  "idle",    "paging",  "running",
                                                      "sleeping", "stopped", "zombies", "unknown"};

// As the collector has it: running and blocked are the kernel's own numbers, which count threads;
// processes that fall between the two ways of counting become unknown.
void take_thread_counts(const ProcStat& stat, ProcessCounts& counts, Faults& faults) {
  constexpr std::uint64_t kMostThreads = std::uint64_t{1} << 30;  // FUTEX_TID_MASK
  const auto take = [&](const std::optional<std::uint64_t>& threads, std::size_t state) {
    if (!threads) return;
    if (*threads <= kMostThreads) {
      counts[state] = *threads;
    } else {
      faults.add({Errc::malformed, fmt::format("stat: {} threads", *threads)});
    }
  };
  take(stat.running, process_state::running);
  take(stat.blocked, process_state::blocked);
}

}  // namespace

std::size_t parse_state(char letter) {
  switch (letter) {
    case 'D':
      return process_state::blocked;
    case 'I':
      return process_state::idle;
    case 'R':
      return process_state::running;
    case 'S':
      return process_state::sleeping;
    case 'T':
    case 't':
      return process_state::stopped;
    case 'W':  // paging up to 2.6, waking after that
      return process_state::paging;
    case 'Z':
      return process_state::zombie;
    default:
      return process_state::unknown;
  }
}

Processes::Processes(const base::Roots& roots, const ProcessesOptions&,
                     std::shared_ptr<KernelFiles> files)
    : pids_(roots.proc), files_(std::move(files)) {}

// `forks`: made since boot, as read before. Where none was made the list of before still holds but
// for those that ended.
Result<void> Processes::count(ProcessCounts& counts, std::optional<std::uint64_t> forks) {
  if (!forks || forks != forks_ || !pids_.is_procfs()) {
    forks_.reset();
    if (auto listed = pids_.list(); !listed) return pass(std::move(listed.error()));
    forks_ = forks;
  }
  std::size_t bad = 0;
  states_.begin();
  for (const std::uint32_t pid : pids_.listed()) {
    const auto letter = states_.read(pids_, pid);
    if (!letter) continue;  // ended meanwhile
    bad += *letter == 0 ? 1U : 0U;
    ++counts[parse_state(*letter)];
  }
  states_.end();
  counts[process_state::unknown] += pids_.total() - pids_.listed().size();
  if (bad > 0) return fail(Errc::malformed, "stat of {} processes is not readable", bad);
  return {};
}

Result<void> Processes::read(metric::Batch& batch) {
  Faults faults;
  auto stat = files_->stat.at(batch.time());
  if (stat) {
    faults.add((*stat)->counter_faults);
    if ((*stat)->forks) batch.add(kCreated, *(*stat)->forks);
  } else {
    faults.add(std::move(stat.error()));
  }
  if (!batch.wants(kCount)) return faults.result();

  ProcessCounts counts{};
  const auto forks = stat ? (*stat)->forks : std::nullopt;
  if (auto counted = count(counts, forks); !counted) faults.add(std::move(counted.error()));
  const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (stat) take_thread_counts(**stat, counts, faults);
  const std::uint64_t known = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all > known) counts[process_state::unknown] += all - known;

  for (std::size_t i = 0; all > 0 && i < kProcessStates; ++i) {
    if (i == process_state::paging && counts[i] == 0) continue;
    batch.add(kCount, counts[i], {{"status", kStatus[i]}});
  }
  return faults.result();
}

}  // namespace edgehaul::host
