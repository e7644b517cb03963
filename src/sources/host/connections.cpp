// SPDX-License-Identifier: Apache-2.0
#include "sources/host/connections.hpp"

#include <sys/stat.h>
#include <utility>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

struct StateName {
  std::string_view name;
  std::size_t number;
};

// As the collector announces them; nothing is ever in its DELETE state on Linux.
constexpr StateName kNames[] = {
    {"ESTABLISHED", 1}, {"SYN_SENT", 2},  {"SYN_RECV", 3}, {"FIN_WAIT_1", 4},
    {"FIN_WAIT_2", 5},  {"TIME_WAIT", 6}, {"CLOSE", 7},    {"CLOSE_WAIT", 8},
    {"LAST_ACK", 9},    {"LISTEN", 10},   {"CLOSING", 11}, {"DELETE", 0},
};
constexpr std::size_t kSynRecv = 3;
constexpr std::size_t kNewSynRecv = 12;  // a request that has no socket yet: also SYN_RECV

// The files of one network namespace are one inode, whichever process they are seen through.
bool shares_network_of_init(const base::Roots& roots) {
  if (!roots.is_live()) return false;
  struct stat own {};
  struct stat init {};
  return ::stat(roots.in_proc("net/tcp").c_str(), &own) == 0 &&
         ::stat(roots.in_proc("1/net/tcp").c_str(), &init) == 0 && own.st_ino == init.st_ino &&
         own.st_dev == init.st_dev;
}

}  // namespace

void count_tcp_table(std::string_view body, TcpCounts& counts, Faults& faults) {
  text::next_line(body);  // heading
  while (const auto line = text::next_line(body)) {
    const std::string_view state = text::nth_field(*line, 3);
    const auto number = text::parse_u64(state, 16);
    if (state.size() != 2 || !number || *number == 0 || *number >= kTcpStates) {
      faults.malformed("tcp", *line);
      continue;
    }
    ++counts[*number];
  }
}

Connections::Connections(const base::Roots& roots, const ConnectionsOptions& options,
                         const base::Clock& clock)
    : tcp_(roots, "tcp"),
      tcp6_(roots, "tcp6"),
      use_diag_(shares_network_of_init(roots)),
      options_(options),
      clock_(clock) {}

Result<void> Connections::count_tables(TcpCounts& counts) {
  Faults faults;
  auto body = tcp_.read();
  if (!body) return pass(std::move(body.error()));
  count_tcp_table(*body, counts, faults);
  body = tcp6_.read();
  if (body) {
    count_tcp_table(*body, counts, faults);
  } else if (body.error().code != Errc::absent) {  // IPv6 may be switched off
    faults.add(std::move(body.error()));
  }
  return faults.result();
}

Result<void> Connections::count(TcpCounts& counts) {
  // A kernel without the module, or a sandbox without netlink, stays so.
  if (use_diag_ && !count_by_diag(counts)) use_diag_ = false;
  if (use_diag_) return {};
  return count_tables(counts);
}

Result<void> Connections::read(metric::Batch& batch) {
  constexpr metric::Id kConnections = metric::id("system.network.connections");
  if (!batch.wants(kConnections)) return {};
  Result<void> outcome;
  const base::Steady now = clock_.steady();
  if (!has_counted_ || now - last_count_ >= options_.every) {
    TcpCounts counts{};
    outcome = count(counts);
    has_counted_ = outcome.has_value();
    if (!outcome && outcome.error().code != Errc::malformed) return outcome;
    counts[kSynRecv] += std::exchange(counts[kNewSynRecv], 0);
    counts_ = counts;
    last_count_ = now;
  }
  for (const StateName& state : kNames)
    batch.add(kConnections, counts_[state.number], {{"protocol", "tcp"}, {"state", state.name}});
  return outcome;
}

}  // namespace edgehaul::host
